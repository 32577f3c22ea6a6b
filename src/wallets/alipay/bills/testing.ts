import { type BillDesk, openBillDesk } from '../../../sandbox/alipay/bills/testing.ts';
import type { Role } from '../../../sandbox/alipay/trade/testing.ts';
import type { Bills } from '../../products/bills.ts';
import type { Wallet, WalletAccount } from '../../wallet.ts';
import { alipayWallet } from '../wallet.ts';

/** For tests: the connector beside a sandbox with a business clock. */
export interface BillBench {
  readonly desk: BillDesk;
  readonly wallet: Wallet;
  readonly bills: Bills;
  accountOf(role: Role, settings?: Record<string, unknown>): WalletAccount;
  stop(): Promise<void>;
}

export async function openBillBench(): Promise<BillBench> {
  const desk = await openBillDesk();
  const wallet = alipayWallet({ real: () => new Date(), timeout_ms: 5_000 });
  const { bills } = wallet;
  if (!bills) throw new Error('no bills');
  return {
    desk,
    wallet,
    bills,
    accountOf(role, settings = {}) {
      const given = desk.world.sandbox.accounts().find((account) => account.role === role);
      if (!given) throw new Error(`no merchant ${role}`);
      const parsed = wallet.parseAccount({
        settings: { ...given.settings, ...settings },
        credentials: given.credentials,
      });
      return { id: `wac_${role}`, wallet: 'alipay', custody: 'merchant_own', ...parsed };
    },
    async stop() {
      wallet.stop();
      await desk.stop();
    },
  };
}
