import { WIRE_TIME } from '../../../protocols/wechat-pay/messages.ts';
import type { Field, Fields } from '../api/fields.ts';
import { MAX_FEN, text, URL_WITHOUT_QUERY } from '../api/schemas.ts';
import type { PreparedKind } from './records.ts';

/**
 * The bodies of orders, direct and for sellers.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791877 (Native), 4012791856 (JSAPI),
 * 4012791834 (H5), 4013070347 (App); https://pay.weixin.qq.com/doc/v3/partner/4012738519
 */
export type Mode = 'direct' | 'partner';

export const required = { required: true };
const storeInfo: Fields = {
  id: text('门店编号', 32, required),
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

export function sceneInfo(h5: boolean): Field {
  const info = { type: 'object', label: 'H5场景信息', required: true, fields: h5Info } as const;
  return {
    type: 'object',
    label: '场景信息',
    required: h5,
    fields: {
      payer_client_ip: text('用户终端IP', 45, { required: true, pattern: /^[0-9A-Fa-f.:]+$/ }),
      device_id: text('商户端设备号', 32),
      store_info: { type: 'object', label: '商户门店信息', fields: storeInfo },
      ...(h5 ? { h5_info: info } : {}),
    },
  };
}

/** Charges by payer code call the wallet's goods number otherwise than the other orders do. */
function goodsDetail(wallet_goods_id: 'wechatpay_goods_id' | 'wxpay_goods_id'): Field {
  return {
    type: 'object',
    label: '优惠功能',
    fields: {
      cost_price: { type: 'integer', label: '订单原价', min: 0, max: MAX_FEN },
      invoice_id: text('商品小票ID', 32),
      goods_detail: {
        type: 'array',
        label: '单品列表',
        max: 6000,
        item: {
          type: 'object',
          label: '单品列表',
          fields: {
            merchant_goods_id: text('商户侧商品编码', 32, required),
            [wallet_goods_id]: text('微信支付商品编码', 32),
            goods_name: text('商品名称', 256),
            quantity: {
              type: 'integer',
              label: '商品数量',
              required: true,
              min: 1,
              max: 1_000_000,
            },
            unit_price: {
              type: 'integer',
              label: '商品单价',
              required: true,
              min: 0,
              max: MAX_FEN,
            },
          },
        },
      },
    },
  };
}

export const orderNumber: Field = {
  type: 'string',
  label: '商户订单号',
  required: true,
  min: 6,
  max: 32,
  pattern: /^[0-9A-Za-z_\-|*]+$/,
};

const LIMITS = /^(?:no_balance|no_credit|no_debit|balance_only)$/;
export const limitPay: Field = {
  type: 'array',
  label: '指定支付方式',
  max: 10,
  item: text('指定支付方式', 32, { pattern: LIMITS }),
};

export const timeExpire = text('支付结束时间', 64, { pattern: WIRE_TIME });
export const notifyUrl = text('商户回调地址', 255, {
  required: true,
  pattern: URL_WITHOUT_QUERY,
});

const amount: Field = {
  type: 'object',
  label: '订单金额',
  required: true,
  fields: {
    total: { type: 'integer', label: '总金额', required: true, min: 1, max: MAX_FEN },
    currency: text('货币类型', 16, { pattern: /^CNY$/ }),
  },
};

export function settleInfo(subsidies: boolean): Field {
  const subsidy = { type: 'integer', label: '补差金额', min: 0, max: 500_000 } as const;
  return {
    type: 'object',
    label: '结算信息',
    fields: {
      profit_sharing: { type: 'boolean', label: '是否指定分账' },
      ...(subsidies ? { subsidy_amount: subsidy } : {}),
    },
  };
}

const PARTIES: Readonly<Record<Mode, Fields>> = {
  direct: { appid: text('公众账号ID', 32, required), mchid: text('商户号', 32, required) },
  partner: {
    sp_appid: text('服务商应用ID', 32, required),
    sp_mchid: text('服务商户号', 32, required),
    sub_appid: text('子商户/二级商户应用ID', 32),
    sub_mchid: text('子商户号/二级商户号', 32, required),
  },
};

const PAYERS: Readonly<Record<Mode, Fields>> = {
  direct: { openid: text('用户标识', 128, required) },
  partner: { sp_openid: text('用户服务标识', 128), sub_openid: text('用户子标识', 128) },
};

export function orderFields(mode: Mode, kind: PreparedKind): Fields {
  return {
    ...PARTIES[mode],
    description: text('商品描述', 127, required),
    out_trade_no: orderNumber,
    time_expire: timeExpire,
    attach: text('商户数据包', 128),
    notify_url: notifyUrl,
    goods_tag: text('订单优惠标记', 32),
    support_fapiao: { type: 'boolean', label: '电子发票入口开放标识' },
    limit_pay: limitPay,
    amount,
    detail: goodsDetail('wechatpay_goods_id'),
    settle_info: settleInfo(mode === 'partner'),
    scene_info: sceneInfo(kind === 'h5'),
    ...(kind === 'jsapi'
      ? { payer: { type: 'object', label: '支付者信息', required: true, fields: PAYERS[mode] } }
      : {}),
  };
}

const ENDS: Readonly<Record<Mode, Fields>> = {
  direct: { mchid: text('商户号', 32, required) },
  partner: {
    sp_mchid: text('服务商户号', 32, required),
    sub_mchid: text('子商户号/二级商户号', 32, required),
  },
};

export function closeFields(mode: Mode): Fields {
  return ENDS[mode];
}

/** https://pay.weixin.qq.com/doc/v3/merchant/4012382150 */
export function codepayFields(mode: Mode): Fields {
  const store = { id: text('门店编号', 32), out_id: text('商家自定义编码', 32) };
  return {
    ...PARTIES[mode],
    description: text('商品描述', 127, required),
    out_trade_no: orderNumber,
    attach: text('附加数据', 128),
    goods_tag: text('订单优惠标记', 32),
    support_fapiao: { type: 'boolean', label: '电子发票入口开放标识' },
    payer: {
      type: 'object',
      label: '支付者',
      required: true,
      fields: { auth_code: text('授权码', 32, required) },
    },
    amount,
    scene_info: {
      type: 'object',
      label: '场景信息',
      required: true,
      fields: {
        device_id: text('商户端设备号', 32),
        device_ip: text('商户端设备IP', 45, { pattern: /^[0-9A-Fa-f.:]+$/ }),
        store_info: { type: 'object', label: '商户门店信息', required: true, fields: store },
      },
    },
    detail: goodsDetail('wxpay_goods_id'),
    settle_info: settleInfo(false),
  };
}

/** The app id is marked as optional by the wallet, which then answers with a system error. */
export function reverseFields(mode: Mode): Fields {
  return PARTIES[mode];
}
