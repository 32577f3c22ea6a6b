import { seededRandom } from '../../../sandbox/faults.ts';
import { type BillWorld, DAY, openBillWorld } from '../../../sandbox/wechat-pay/bills/testing.ts';
import type { Bill, BillLine, BillOutcome } from '../../products/bills.ts';
import type { WalletAccount } from '../../wallet.ts';
import { wechatPayWallet } from '../wallet.ts';

/** For tests: the connector beside a sandbox with a business clock, and days full of business. */
export async function openBillBench() {
  const world = await openBillWorld();
  const wallet = wechatPayWallet({ real: () => new Date(), timeout_ms: 20_000 });
  const { bills } = wallet;
  if (!bills) throw new Error('no bills');
  function accountOf(role: string): WalletAccount {
    const given = world.running.sandbox.accounts().find((account) => account.role === role);
    if (!given) throw new Error(`no merchant ${role}`);
    const parsed = wallet.parseAccount(given);
    return { id: `wac_${role}`, wallet: 'wechat_pay', custody: 'merchant_own', ...parsed };
  }
  return {
    world,
    wallet,
    bills,
    accountOf,
    async stop() {
      wallet.stop();
      await world.stop();
    },
  };
}

export type BillBench = Awaited<ReturnType<typeof openBillBench>>;

export function billOf(outcome: BillOutcome): Bill {
  if (outcome.kind !== 'bill') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome)}`);
  return outcome.bill;
}

export async function linesOf(bill: Bill): Promise<BillLine[]> {
  const lines: BillLine[] = [];
  for await (const line of bill.lines()) lines.push(line);
  return lines;
}

/** What happened, to be found in the bill. */
export interface Happened {
  readonly kind: 'payment' | 'refund';
  readonly reference: string;
  readonly amount: bigint;
}

/**
 * A day of `count` payments of 0.01 to 999.99 yuan; every third is refunded, once or twice, in part
 * or wholly. Several at a time, as shops do it.
 */
export async function mixedDay(
  world: BillWorld,
  options: { count: number; seed: number; account?: string; sub_mchid?: string },
): Promise<Happened[]> {
  const random = seededRandom(options.seed);
  const happened: Happened[] = [];
  world.at(`${DAY} 08:00:00`);
  const { account, sub_mchid } = options;
  const seller = {
    ...(account === undefined ? {} : { account }),
    ...(sub_mchid === undefined ? {} : { sub_mchid }),
  };
  async function one(index: number, total: number, parts: readonly number[]) {
    const sale = await world.sell({ ...seller, total, description: `茶 ${index}, "${total}"` });
    happened.push({ kind: 'payment', reference: sale.out_trade_no, amount: BigInt(total) });
    for (const [number, part] of parts.entries()) {
      const reference = `${sale.out_trade_no}-${number}`;
      await world.giveBack(sale, part, reference);
      happened.push({ kind: 'refund', reference, amount: BigInt(part) });
    }
  }
  const wanted = Array.from({ length: options.count }, (_, index) => {
    const total = 1 + Math.floor(random() * 99_999);
    const first = 1 + Math.floor(random() * total);
    const parts = index % 3 === 0 ? [first, total - first].filter((part) => part > 0) : [];
    return { index, total, parts: random() < 0.5 ? parts : parts.slice(0, 1) };
  });
  const queue = wanted.values();
  const worker = async () => {
    for (const { index, total, parts } of queue) await one(index, total, parts);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  return happened;
}
