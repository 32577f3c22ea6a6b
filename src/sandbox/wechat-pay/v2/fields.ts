import { shanghaiTime } from '../../../clock.ts';
import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import { payerTotal, settlementTotal } from '../orders/amounts.ts';
import type { OrderRecord } from '../orders/records.ts';
import { TRADE_TYPE } from '../orders/transaction-message.ts';

/** A payment in the words of the second version; empty values are left out on the wire. */
export function paymentFields(order: OrderRecord): V2Parameters {
  const { coupon } = order;
  return {
    device_info: order.device_id ?? '',
    openid: order.openid ?? '',
    is_subscribe: 'N',
    sub_openid: order.sub_openid ?? '',
    trade_type: TRADE_TYPE[order.kind],
    bank_type: 'OTHERS',
    fee_type: 'CNY',
    total_fee: order.total.toString(),
    cash_fee_type: 'CNY',
    cash_fee: payerTotal(order).toString(),
    ...(coupon ? couponFields(order, coupon) : {}),
    transaction_id: order.transaction_id ?? '',
    out_trade_no: order.out_trade_no,
    attach: order.attach ?? '',
    time_end: compactTime(order.paid_at),
  };
}

function couponFields(
  order: OrderRecord,
  coupon: NonNullable<OrderRecord['coupon']>,
): V2Parameters {
  const amount = coupon.amount.toString();
  return {
    settlement_total_fee: settlementTotal(order).toString(),
    coupon_fee: amount,
    coupon_count: '1',
    coupon_type_0: coupon.funded_by === 'merchant' ? 'NO_CASH' : 'CASH',
    coupon_id_0: coupon.coupon_id,
    coupon_fee_0: amount,
  };
}

/** `20261121123456` in Asia/Shanghai. */
function compactTime(at: number | null): string {
  return at === null ? '' : shanghaiTime(new Date(at)).slice(0, 19).replace(/\D/g, '');
}
