import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import type { Alipay, Trade } from '../books.ts';
import { holderOf } from '../money.ts';
import { receiptOf } from '../trade/discounts.ts';
import type { Settlement, SettlePart } from './book.ts';
import { heldOf, isUnconfirmed } from './hold.ts';

/** What was split, confirmed and given back of one trade. */
export function settledOf(alipay: Alipay, trade: Trade): bigint {
  let total = 0n;
  for (const { parts } of alipay.royalty.by_trade.get(trade.trade_no ?? '') ?? []) {
    for (const part of parts) {
      if (part.type === 'transfer' && part.state !== 'FAIL') total += part.amount - part.returned;
    }
  }
  return total;
}

/** Accepted, not carried out yet: still among what is held. */
function processingOf(alipay: Alipay, trade: Trade): bigint {
  const settlements = alipay.royalty.by_trade.get(trade.trade_no ?? '') ?? [];
  const all = settlements.flatMap(({ parts }) => parts);
  return all.reduce(
    (sum, { type, state, amount }) =>
      type === 'transfer' && state === 'PROCESSING' ? sum + amount : sum,
    0n,
  );
}

/**
 * What waits for its confirmation; then what may still be split: what is held, or what the trade
 * brought less what went already.
 */
export function unsettledOf(alipay: Alipay, trade: Trade): bigint {
  if (trade.paid_at === null || trade.status !== 'TRADE_SUCCESS') return 0n;
  if (isUnconfirmed(trade)) return trade.amount - trade.refunded;
  if (trade.hold) return heldOf(alipay, trade) - processingOf(alipay, trade);
  const kept = receiptOf(trade) - trade.refunded - (trade.fee - trade.fee_returned);
  const rest = kept - settledOf(alipay, trade);
  return rest > 0n ? rest : 0n;
}

/** https://opendocs.alipay.com/open/82ea786a_alipay.trade.query, `trade_settle_info` */
export function settleInfo(alipay: Alipay, trade: Trade): Record<string, unknown> {
  const lines: Record<string, unknown>[] = [];
  const holder = holderOf(trade);
  if (trade.confirm) {
    const { at, amount, out_request_no } = trade.confirm;
    lines.push({
      operation_type: 'settle',
      ...(out_request_no !== null && { operation_serial_no: out_request_no }),
      operation_dt: shanghaiStamp(new Date(at)),
      trans_in: holder,
      amount: toYuan(amount),
    });
  }
  for (const settlement of alipay.royalty.by_trade.get(trade.trade_no ?? '') ?? []) {
    for (const part of settlement.parts) {
      if (part.state !== 'SUCCESS') continue;
      const given = part.type === 'transfer';
      lines.push({
        operation_type: part.type,
        operation_serial_no: settlement.out_request_no,
        operation_dt: shanghaiStamp(new Date(settlement.at)),
        trans_out: given ? holder : part.receiver,
        trans_in: given ? part.receiver : holder,
        ori_trans_in: given ? part.account : holder,
        amount: toYuan(part.amount),
      });
    }
  }
  for (const refund of trade.refunds) {
    for (const { account, amount } of refund.royalties) {
      lines.push({
        operation_type: 'transfer_refund',
        operation_serial_no: refund.out_request_no,
        operation_dt: shanghaiStamp(new Date(refund.at)),
        trans_out: account,
        trans_in: holder,
        amount: toYuan(amount),
      });
    }
  }
  return {
    trade_settle_detail_list: lines,
    trade_unsettled_amount: toYuan(unsettledOf(alipay, trade)),
  };
}

function shown(part: SettlePart, at: number): Record<string, unknown> {
  const given = part.type === 'transfer';
  const side = given ? 'trans_in' : 'trans_out';
  return {
    operation_type: part.type,
    ...(part.state !== 'PROCESSING' && { execute_dt: shanghaiStamp(new Date(at)) }),
    [side]: part.account,
    [`${side}_type`]: part.account_type,
    amount: toYuan(part.amount),
    state: part.state,
    detail_id: part.detail_id,
    ...(part.error_code !== null && { error_code: part.error_code, error_desc: '分账失败' }),
  };
}

export function detailsOf(settlement: Settlement): Record<string, unknown> {
  return {
    out_request_no: settlement.out_request_no,
    operation_dt: shanghaiStamp(new Date(settlement.at)),
    royalty_detail_list: settlement.parts.map((part) =>
      shown(part, settlement.done_at ?? settlement.at),
    ),
  };
}
