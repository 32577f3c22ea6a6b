import { WIRE_TIME } from '../../../protocols/wechat-pay/messages.ts';
import type { Field, Fields } from './fields.ts';

/**
 * The bodies of the calls in direct mode.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791877 (Native), 4012791856 (JSAPI),
 * 4012791834 (H5), 4012791865 (refund)
 */
const MAX_FEN = 100_000_000_00;
const URL_WITHOUT_QUERY = /^https?:\/\/[^\s?#@]+$/;

function text(
  label: string,
  max: number,
  more: { required?: boolean; pattern?: RegExp } = {},
): Field {
  return { type: 'string', label, max, ...more };
}

const storeInfo: Fields = {
  id: text('门店编号', 32, { required: true }),
  name: text('门店名称', 256),
  area_code: text('地区编码', 32),
  address: text('详细地址', 512),
};

const h5Info: Fields = {
  type: text('场景类型', 32, { required: true, pattern: /^(?:iOS|Android|Wap)$/ }),
  app_name: text('应用名称', 64),
  app_url: text('网站URL', 128),
  bundle_id: text('iOS平台BundleID', 128),
  package_name: text('Android平台PackageName', 128),
};

function sceneInfo(h5: boolean): Field {
  return {
    type: 'object',
    label: '场景信息',
    required: h5,
    fields: {
      payer_client_ip: text('用户终端IP', 45, { required: true, pattern: /^[0-9A-Fa-f.:]+$/ }),
      device_id: text('商户端设备号', 32),
      store_info: { type: 'object', label: '商户门店信息', fields: storeInfo },
      ...(h5
        ? {
            h5_info: {
              type: 'object' as const,
              label: 'H5场景信息',
              required: true,
              fields: h5Info,
            },
          }
        : {}),
    },
  };
}

const goods: Field = {
  type: 'object',
  label: '单品列表',
  fields: {
    merchant_goods_id: text('商户侧商品编码', 32, { required: true }),
    wechatpay_goods_id: text('微信支付商品编码', 32),
    goods_name: text('商品名称', 256),
    quantity: { type: 'integer', label: '商品数量', required: true, min: 1, max: 1_000_000 },
    unit_price: { type: 'integer', label: '商品单价', required: true, min: 0, max: MAX_FEN },
  },
};

const order: Fields = {
  appid: text('公众账号ID', 32, { required: true }),
  mchid: text('商户号', 32, { required: true }),
  description: text('商品描述', 127, { required: true }),
  out_trade_no: {
    type: 'string',
    label: '商户订单号',
    required: true,
    min: 6,
    max: 32,
    pattern: /^[0-9A-Za-z_\-|*]+$/,
  },
  time_expire: text('支付结束时间', 64, { pattern: WIRE_TIME }),
  attach: text('商户数据包', 128),
  notify_url: text('商户回调地址', 255, { required: true, pattern: URL_WITHOUT_QUERY }),
  goods_tag: text('订单优惠标记', 32),
  support_fapiao: { type: 'boolean', label: '电子发票入口开放标识' },
  limit_pay: { type: 'array', label: '指定支付方式', max: 10, item: text('指定支付方式', 32) },
  amount: {
    type: 'object',
    label: '订单金额',
    required: true,
    fields: {
      total: { type: 'integer', label: '总金额', required: true, min: 1, max: MAX_FEN },
      currency: text('货币类型', 16, { pattern: /^CNY$/ }),
    },
  },
  detail: {
    type: 'object',
    label: '优惠功能',
    fields: {
      cost_price: { type: 'integer', label: '订单原价', min: 0, max: MAX_FEN },
      invoice_id: text('商品小票ID', 32),
      goods_detail: { type: 'array', label: '单品列表', max: 6000, item: goods },
    },
  },
  settle_info: {
    type: 'object',
    label: '结算信息',
    fields: { profit_sharing: { type: 'boolean', label: '是否指定分账' } },
  },
};

export type OrderKind = 'native' | 'h5' | 'jsapi';

export const ORDER_FIELDS: Readonly<Record<OrderKind, Fields>> = {
  native: { ...order, scene_info: sceneInfo(false) },
  h5: { ...order, scene_info: sceneInfo(true) },
  jsapi: {
    ...order,
    payer: {
      type: 'object',
      label: '支付者信息',
      required: true,
      fields: { openid: text('用户标识', 128, { required: true }) },
    },
    scene_info: sceneInfo(false),
  },
};

export const CLOSE_FIELDS: Fields = { mchid: text('商户号', 32, { required: true }) };

const fundsFrom: Field = {
  type: 'object',
  label: '退款出资账户及金额',
  fields: {
    account: text('出资账户类型', 32, { required: true, pattern: /^(?:UN)?AVAILABLE$/ }),
    amount: { type: 'integer', label: '出资金额', required: true, min: 1, max: MAX_FEN },
  },
};

export const REFUND_FIELDS: Fields = {
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
