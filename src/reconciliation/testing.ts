import { shanghaiStamp } from '../clock.ts';
import { shareHalfUp } from '../money.ts';
import { packFile } from '../sandbox/wechat-pay/bills/files.ts';
import { type TradeLine, tradeFile } from '../sandbox/wechat-pay/bills/trade-bill.ts';

/** For tests and benches: WeChat Pay's trade bill with whatever lines one likes, packed. */
export interface PlantedLine {
  readonly kind: 'payment' | 'refund';
  /** Of the payment. */
  readonly reference: string;
  readonly refund_reference?: string;
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
      ...(refund ? { 退款状态: 'SUCCESS' } : {}),
      商品名称: '龙井茶 250g',
    },
  };
}
