import { Bench, type Role } from '../../sandbox/wechat-pay/sharing/testing.ts';
import { openShop, runSandbox } from '../../sandbox/wechat-pay/testing.ts';
import type { NotificationFact } from '../notification.ts';
import type { Wallet, WalletAccount } from '../wallet.ts';
import { wechatPayWallet } from './wallet.ts';

/** The sandbox's bench with the connector beside it, as any of its merchants. */
export class ConnectorBench extends Bench {
  readonly wallet: Wallet = wechatPayWallet({ real: () => new Date(), timeout_ms: 1_500 });

  walletAccount(role: Role, more: Record<string, unknown> = {}): WalletAccount {
    const given = this.running.sandbox.accounts().find((each) => each.role === role);
    if (!given) throw new Error(`no ${role}`);
    const settings = { ...given.settings, ...more };
    const parsed = this.wallet.parseAccount({ settings, credentials: given.credentials });
    const custody = role === 'direct' ? 'merchant_own' : 'wallet_held';
    return { id: `wac_${role}`, wallet: 'wechat_pay', custody, ...parsed };
  }

  /** What the connector makes of every notice so far, as this merchant. */
  async verdicts(role: Role) {
    const account = this.walletAccount(role);
    return Promise.all(
      this.shop.received.map(({ headers, body }) => {
        const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        const raw = { headers: Object.fromEntries(flat), body, received_at: new Date() };
        return this.wallet.verifyNotification(account, raw);
      }),
    );
  }

  /** The facts about one subject among them. */
  async told<A extends NotificationFact['about']>(role: Role, about: A) {
    type Told = Extract<NotificationFact, { about: A }>;
    const isTold = (content: NotificationFact): content is Told => content.about === about;
    const verdicts = await this.verdicts(role);
    const contents = verdicts.flatMap((each) => (each.kind === 'verified' ? [each.content] : []));
    return contents.filter(isTold);
  }

  override async stop(): Promise<void> {
    this.wallet.stop();
    await super.stop();
  }
}

export async function openConnectorBench(
  options: Parameters<typeof runSandbox>[0] = {},
): Promise<ConnectorBench> {
  const [running, shop] = await Promise.all([runSandbox(options), openShop()]);
  return new ConnectorBench(running, shop);
}
