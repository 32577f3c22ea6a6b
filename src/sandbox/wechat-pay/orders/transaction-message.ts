import { shanghaiTime } from '../../../clock.ts';
import { fenNumber, type TransactionMessage } from '../../../protocols/wechat-pay/messages.ts';
import type { OrderRecord } from '../books.ts';

const STATE_TEXT: Readonly<Record<OrderRecord['state'], string>> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款',
  CLOSED: '订单已关闭',
};

const TRADE_TYPE = { native: 'NATIVE', h5: 'MWEB', jsapi: 'JSAPI' } as const;

/** An unpaid order lacks the fields of the payment: they are missing, not null. */
export function transactionMessage(order: OrderRecord): TransactionMessage {
  const total = fenNumber(order.total);
  const head = {
    appid: order.appid,
    mchid: order.mchid,
    out_trade_no: order.out_trade_no,
    trade_state: order.state,
    trade_state_desc: STATE_TEXT[order.state],
  };
  if (order.paid_at === null || order.transaction_id === null || order.openid === null) {
    return { ...head, amount: { total, currency: 'CNY' } };
  }
  return {
    ...head,
    transaction_id: order.transaction_id,
    trade_type: TRADE_TYPE[order.kind],
    bank_type: 'OTHERS',
    ...(order.attach === null ? {} : { attach: order.attach }),
    success_time: shanghaiTime(new Date(order.paid_at)),
    payer: { openid: order.openid },
    amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
  };
}
