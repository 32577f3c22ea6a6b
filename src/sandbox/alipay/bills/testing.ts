import { seededRandom } from '../../faults.ts';
import { type Desk, openDesk, type Role } from '../trade/testing.ts';

/** For tests: the SDK's desk with a business clock that stands where a test puts it. */
export const DAY = '2031-03-05';
export const NEXT_DAY = '2031-03-06';

export interface BillDesk extends Desk {
  /** Sets the business clock: `2031-03-05 12:00:00` in Shanghai. */
  at(stamp: string): void;
  link(biz: Record<string, string>, role?: Role): Promise<string>;
}

export async function openBillDesk(): Promise<BillDesk> {
  const desk = await openDesk();
  const { clock } = desk.world;
  return {
    ...desk,
    at(stamp) {
      const wanted = Date.parse(`${stamp.replace(' ', 'T')}+08:00`);
      clock.advance(wanted - clock.now().getTime());
    },
    async link(biz, role) {
      const method = 'alipay.data.dataservice.bill.downloadurl.query';
      const answer = await desk.call(method, biz, role);
      if (answer['code'] !== '10000') throw new Error(String(answer['sub_code']));
      return String(answer['bill_download_url']);
    },
  };
}

export async function fetchBytes(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** What happened, to be found in the bill; amounts in fen. */
export interface Happened {
  readonly kind: 'payment' | 'refund';
  readonly reference: string;
  readonly amount: bigint;
}

export const yuan = (fen: number) =>
  `${Math.floor(fen / 100)}.${(fen % 100).toString().padStart(2, '0')}`;

/**
 * A day of `count` payments of 0.01 to 999.99 yuan; every third is refunded, once or twice, in part
 * or wholly. Several at a time, as shops do it.
 */
export async function mixedDay(
  desk: BillDesk,
  options: { count: number; seed: number },
): Promise<Happened[]> {
  const random = seededRandom(options.seed);
  const happened: Happened[] = [];
  desk.at(`${DAY} 08:00:00`);
  await desk.world.sandbox.setBalance('lin', 10_000_000_000n);
  async function one(total: number, parts: readonly number[]) {
    const more = { subject: `茶, "${total}" 🍵 𠮷` };
    const { out_trade_no } = await desk.paid({ amount: yuan(total), more });
    happened.push({ kind: 'payment', reference: out_trade_no, amount: BigInt(total) });
    for (const [index, part] of parts.entries()) {
      const out_request_no = `${out_trade_no}_${index}`;
      const biz = { out_trade_no, refund_amount: yuan(part), out_request_no };
      const answer = await desk.call('alipay.trade.refund', biz);
      if (answer['fund_change'] !== 'Y') throw new Error(JSON.stringify(answer));
      happened.push({ kind: 'refund', reference: out_request_no, amount: BigInt(part) });
    }
  }
  const wanted = Array.from({ length: options.count }, (_, index) => {
    const total = 1 + Math.floor(random() * 99_999);
    const first = 1 + Math.floor(random() * total);
    const parts = index % 3 === 0 ? [first, total - first].filter((part) => part > 0) : [];
    return { total, parts: random() < 0.5 ? parts : parts.slice(0, 1) };
  });
  const queue = wanted.values();
  const worker = async () => {
    for (const { total, parts } of queue) await one(total, parts);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  return happened;
}
