import type { MoneyRig } from '../../test/support/money-rig.ts';
import { shanghaiStamp } from '../clock.ts';
import { shareHalfUp } from '../money.ts';
import { packFile } from '../sandbox/wechat-pay/bills/files.ts';
import { type TradeLine, tradeFile } from '../sandbox/wechat-pay/bills/trade-bill.ts';
import type { Report } from './bill.ts';
import { closeDay } from './close.ts';
import { ensureBill, selectBill } from './queries.ts';

/** For tests and benches: WeChat Pay's trade bill with whatever lines one likes, packed. */
export interface PlantedLine {
  readonly kind: 'payment' | 'refund';
  /** Of the payment. */
  readonly reference: string;
  readonly refund_reference?: string;
  /** SUCCESS when absent. */
  readonly refund_state?: 'SUCCESS' | 'PROCESSING';
  readonly transaction_id: string;
  readonly amount: bigint;
  /** 0.6 %, given back in proportion, when absent. */
  readonly fee?: bigint;
  readonly at: Date;
}

export async function tradeBill(lines: Iterable<PlantedLine>): Promise<Buffer> {
  function* entries() {
    for (const line of lines) yield () => entryOf(line);
  }
  return (await packFile(tradeFile('ALL', entries()))).gzip;
}

export function usualFee(amount: bigint): bigint {
  return shareHalfUp(amount, 600n, 100_000n);
}

function entryOf(line: PlantedLine): TradeLine {
  const { kind, amount, refund_reference = '0' } = line;
  const refund = kind === 'refund';
  const fee = line.fee ?? (refund ? -usualFee(amount) : usualFee(amount));
  return {
    total: refund ? 0n : amount,
    settled: refund ? 0n : amount,
    cash_coupons: 0n,
    refund: refund ? amount : 0n,
    refund_settled: refund ? amount : 0n,
    cash_coupons_back: 0n,
    fee,
    texts: {
      交易时间: shanghaiStamp(line.at),
      微信订单号: line.transaction_id,
      商户订单号: line.reference,
      交易状态: refund ? 'REFUND' : 'SUCCESS',
      微信退款单号: refund ? `5${refund_reference}` : '0',
      商户退款单号: refund_reference,
      ...(refund ? { 退款状态: line.refund_state ?? 'SUCCESS' } : {}),
      商品名称: '龙井茶 250g',
    },
  };
}

/** To eleven in the morning of the next day: far from every midnight and every hour of bills. */
export async function toMorning(rig: MoneyRig): Promise<void> {
  const shanghai = rig.clock.now().getTime() + 8 * 3_600_000;
  const day = 86_400_000;
  await rig.clock.advance(Math.floor(shanghai / day) * day + day + 11 * 3_600_000 - shanghai);
}

/** The close of a day of an account; a bill that cannot be closed is an error. */
export async function closedDay(
  rig: MoneyRig,
  { account_id, date, file }: { account_id: string; date: string; file?: Buffer | undefined },
): Promise<Report> {
  const { id } = await ensureBill(rig.app.db, { account_id, date, now: rig.clock.now() });
  const bill = await selectBill(rig.app.db, id);
  if (!bill) throw new Error('no bill');
  // The hub may be at it by itself.
  const result = await rig.until(
    () => closeDay(rig.app, bill, file ? { file } : {}),
    ({ kind }) => kind !== 'busy',
  );
  if (result.kind !== 'closed' || !result.bill.report) throw new Error(JSON.stringify(result));
  return result.bill.report;
}

/** What the report says does not fit; all of it is 0. */
export function untied({ payments, refunds, fees, net }: Report): number[] {
  return [payments, refunds, fees, net].map(({ difference }) => difference).filter(Boolean);
}
