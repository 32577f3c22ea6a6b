import type { Field, Fields } from '../api/fields.ts';
import { MAX_FEN, text, URL_WITHOUT_QUERY } from '../api/schemas.ts';

/**
 * The bodies of refunds.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791865, 4013071193 (abnormal ones)
 */
const fundsFrom: Field = {
  type: 'object',
  label: '退款出资账户及金额',
  fields: {
    account: text('出资账户类型', 32, { required: true, pattern: /^(?:UN)?AVAILABLE$/ }),
    amount: { type: 'integer', label: '出资金额', required: true, min: 1, max: MAX_FEN },
  },
};

export const REFUND_FIELDS: Fields = {
  sub_mchid: text('子商户号', 32),
  transaction_id: text('微信支付订单号', 32),
  out_trade_no: text('商户订单号', 32),
  out_refund_no: text('商户退款单号', 64, { required: true, pattern: /^[0-9A-Za-z_\-|*@]+$/ }),
  reason: text('退款原因', 80),
  notify_url: text('退款结果回调url', 256, { pattern: URL_WITHOUT_QUERY }),
  funds_account: text('退款资金来源', 32, { pattern: /^(?:AVAILABLE|UNSETTLED)$/ }),
  amount: {
    type: 'object',
    label: '金额信息',
    required: true,
    fields: {
      refund: { type: 'integer', label: '退款金额', required: true, min: 1, max: MAX_FEN },
      total: { type: 'integer', label: '原订单金额', required: true, min: 1, max: MAX_FEN },
      currency: text('退款币种', 16, { required: true, pattern: /^CNY$/ }),
      from: { type: 'array', label: '退款出资账户及金额', max: 10, item: fundsFrom },
    },
  },
  goods_detail: {
    type: 'array',
    label: '退款商品',
    max: 3000,
    item: {
      type: 'object',
      label: '退款商品',
      fields: {
        merchant_goods_id: text('商户侧商品编码', 32, { required: true }),
        wechatpay_goods_id: text('微信支付商品编码', 32),
        goods_name: text('商品名称', 256),
        unit_price: { type: 'integer', label: '商品单价', required: true, min: 0, max: MAX_FEN },
        refund_amount: {
          type: 'integer',
          label: '商品退款金额',
          required: true,
          min: 0,
          max: MAX_FEN,
        },
        refund_quantity: {
          type: 'integer',
          label: '商品退货数量',
          required: true,
          min: 1,
          max: 1_000_000,
        },
      },
    },
  },
};

export const ABNORMAL_FIELDS: Fields = {
  sub_mchid: text('子商户号', 32),
  out_refund_no: text('商户退款单号', 64, { required: true }),
  type: text('异常退款处理方式', 32, {
    required: true,
    pattern: /^(?:USER|MERCHANT)_BANK_CARD$/,
  }),
  bank_type: text('开户银行', 16, { pattern: /^[A-Z0-9]+_DEBIT$/ }),
  bank_account: text('收款银行卡号', 1024),
  real_name: text('收款用户姓名', 1024),
};
