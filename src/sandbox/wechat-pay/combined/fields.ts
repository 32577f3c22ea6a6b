import type { Field, Fields } from '../api/fields.ts';
import { text } from '../api/schemas.ts';
import {
  limitPay,
  notifyUrl,
  orderNumber,
  required,
  sceneInfo,
  settleInfo,
  timeExpire,
} from '../orders/fields.ts';
import type { PreparedKind } from '../orders/records.ts';

/**
 * The bodies of combined orders. https://pay.weixin.qq.com/doc/v3/partner/4012757938
 */
export const MAX_PARTS = 50;
const MAX_PART_FEN = 1_000_000_000;

const combineNumber: Field = {
  type: 'string',
  label: '合单商户订单号',
  required: true,
  min: 2,
  max: 32,
  pattern: /^[0-9A-Za-z_\-|*]+$/,
};

const part: Field = {
  type: 'object',
  label: '子单信息',
  fields: {
    mchid: text('子单商户号', 32, required),
    sub_mchid: text('子商户号', 32),
    sub_appid: text('子商户应用ID', 32),
    out_trade_no: { ...orderNumber, label: '子单商户订单号' },
    attach: text('附加数据', 128, required),
    description: text('商品描述', 127, required),
    detail: text('商品详情', 6000),
    goods_tag: text('订单优惠标记', 32),
    amount: {
      type: 'object',
      label: '订单金额',
      required: true,
      fields: {
        total_amount: {
          type: 'integer',
          label: '标价金额',
          required: true,
          min: 1,
          max: MAX_PART_FEN,
        },
        currency: text('标价币种', 8, { required: true, pattern: /^CNY$/ }),
      },
    },
    settle_info: settleInfo(true),
  },
};

const parts = (item: Field): Field => ({
  type: 'array',
  label: '子单信息',
  required: true,
  max: MAX_PARTS,
  item,
});

export function combinedFields(kind: PreparedKind): Fields {
  const payer = { openid: text('用户标识', 128), sub_openid: text('用户子标识', 128) };
  return {
    combine_appid: text('合单商户appid', 32, required),
    combine_mchid: text('合单商户号', 32, required),
    combine_out_trade_no: combineNumber,
    scene_info: sceneInfo(kind === 'h5'),
    sub_orders: parts(part),
    combine_payer_info: {
      type: 'object',
      label: '支付者',
      required: kind === 'jsapi',
      fields: payer,
    },
    time_start: timeExpire,
    time_expire: timeExpire,
    notify_url: notifyUrl,
    limit_pay: limitPay,
  };
}

export const COMBINED_CLOSE_FIELDS: Fields = {
  combine_appid: text('合单商户appid', 32, required),
  sub_orders: parts({
    type: 'object',
    label: '子单信息',
    fields: {
      mchid: text('子单商户号', 32, required),
      out_trade_no: { ...orderNumber, label: '子单商户订单号' },
      sub_mchid: text('子商户号', 32),
      sub_appid: text('子商户应用ID', 32),
    },
  }),
};
