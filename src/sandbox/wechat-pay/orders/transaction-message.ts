import { shanghaiTime } from '../../../clock.ts';
import {
  fenNumber,
  type PromotionMessage,
  type TradeType,
  type TransactionMessage,
} from '../../../protocols/wechat-pay/messages.ts';
import { payerTotal } from './amounts.ts';
import type { OrderKind, OrderRecord } from './records.ts';

export const STATE_TEXT: Readonly<Record<OrderRecord['state'], string>> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  CLOSED: '订单已关闭',
  USERPAYING: '用户支付中，需要输入密码',
  PAYERROR: '支付失败，请撤销订单后重新下单支付',
  REVOKED: '订单已撤销',
};

export const TRADE_TYPE: Readonly<Record<OrderKind, TradeType>> = {
  native: 'NATIVE',
  h5: 'MWEB',
  jsapi: 'JSAPI',
  app: 'APP',
  codepay: 'MICROPAY',
};

/** An unpaid order lacks the fields of the payment: they are missing, not null. */
export function transactionMessage(order: OrderRecord): TransactionMessage {
  const total = fenNumber(order.total);
  const head = {
    ...partyFields(order),
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
    payer: payerFields(order, order.openid),
    amount: {
      total,
      payer_total: fenNumber(payerTotal(order)),
      currency: 'CNY',
      payer_currency: 'CNY',
    },
    ...(order.device_id === null ? {} : { scene_info: { device_id: order.device_id } }),
    ...promotions(order),
  };
}

function partyFields(order: OrderRecord) {
  const { appid, mchid, sub_appid, sub_mchid } = order;
  if (sub_mchid === null) return { appid, mchid };
  const own = sub_appid === null ? {} : { sub_appid };
  return { sp_appid: appid, sp_mchid: mchid, ...own, sub_mchid };
}

function payerFields(order: OrderRecord, openid: string) {
  if (order.sub_mchid === null) return { openid };
  const own = order.sub_openid === null ? {} : { sub_openid: order.sub_openid };
  return { sp_openid: openid, ...own };
}

/** NOCASH is a discount that the seller grants; a CASH coupon was paid for by somebody before. */
export function promotions({ coupon }: OrderRecord): { promotion_detail?: PromotionMessage[] } {
  if (!coupon) return {};
  const amount = fenNumber(coupon.amount);
  const by = (funder: typeof coupon.funded_by) => (coupon.funded_by === funder ? amount : 0);
  const detail: PromotionMessage = {
    coupon_id: coupon.coupon_id,
    name: coupon.name,
    scope: 'GLOBAL',
    type: coupon.funded_by === 'merchant' ? 'NOCASH' : 'CASH',
    amount,
    stock_id: coupon.stock_id,
    wechatpay_contribute: by('wallet'),
    merchant_contribute: by('merchant'),
    other_contribute: by('other'),
    currency: 'CNY',
  };
  return { promotion_detail: [detail] };
}
