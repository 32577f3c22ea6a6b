import { PLATFORM_RELATION_TYPES, RECEIVER_TYPES } from '../../../protocols/wechat-pay/sharing.ts';
import type { Field, Fields } from '../api/fields.ts';
import { ciphertext, fen, oneOf, ownNumber, text } from '../sharing/fields.ts';
import { MAX_PARTS } from '../sharing/rules.ts';

/** The bodies of a platform's calls about money; applications have files of their own. */
const required = { required: true } as const;
const sub_mchid = text('二级商户号', 32, required);
const transaction_id = text('微信订单号', 32, required);
const URL_WITHOUT_QUERY = /^https?:\/\/[^\s?#@]+$/;
const notify_url = text('回调地址', 256, { pattern: URL_WITHOUT_QUERY });
const FUND_ACCOUNTS = ['BASIC', 'OPERATION', 'FEES'] as const;

export const PLATFORM_ADD_RECEIVER: Fields = {
  appid: text('公众账号ID', 32, required),
  type: oneOf('接收方类型', RECEIVER_TYPES.slice(0, 2)),
  account: text('接收方账号', 64, required),
  name: text('接收方名称', 1024),
  encrypted_name: ciphertext('接收方名称的密文'),
  relation_type: oneOf('与分账方的关系类型', PLATFORM_RELATION_TYPES),
};

export const PLATFORM_DELETE_RECEIVER: Fields = {
  appid: text('公众账号ID', 32, required),
  type: oneOf('接收方类型', RECEIVER_TYPES.slice(0, 2)),
  account: text('接收方账号', 64, required),
};

export const PLATFORM_SPLIT: Fields = {
  appid: text('公众账号ID', 32, required),
  sub_mchid,
  transaction_id,
  out_order_no: ownNumber('商户分账单号'),
  receivers: {
    type: 'array',
    label: '分账接收方列表',
    required: true,
    max: MAX_PARTS,
    item: {
      type: 'object',
      label: '分账接收方',
      fields: {
        type: oneOf('分账接收方类型', RECEIVER_TYPES.slice(0, 2)),
        receiver_account: text('分账接收方账号', 64, required),
        receiver_name: ciphertext('分账个人姓名'),
        amount: fen('分账金额'),
        description: text('分账描述', 80, required),
      },
    },
  },
  finish: { type: 'boolean', label: '是否分账完成', required: true },
};

export const PLATFORM_FINISH: Fields = {
  sub_mchid,
  transaction_id,
  out_order_no: ownNumber('商户分账单号'),
  description: text('分账描述', 80, required),
};

export const PLATFORM_RETURN: Fields = {
  sub_mchid,
  order_id: text('微信分账单号', 64),
  out_order_no: ownNumber('商户分账单号', false),
  transaction_id: text('微信订单号', 32),
  out_return_no: ownNumber('商户回退单号'),
  return_mchid: text('回退商户号', 32, required),
  amount: fen('回退金额'),
  description: text('回退描述', 80, required),
};

export const AFTER_SALES: Fields = {
  sub_mchid,
  transaction_id,
  amount: fen('分账金额'),
  type: oneOf('类型', ['SERVICE_FEE_INCOME']),
  scene: oneOf('场景', ['REFUND_TICKET', 'CHANGE_TICKET', 'RETURN_GOODS']),
  refund_id: text('微信退款单号', 64, required),
};

export const SUBSIDY_CREATE: Fields = {
  sub_mchid,
  transaction_id,
  amount: fen('补差金额'),
  description: text('补差描述', 80, required),
  refund_id: text('微信退款单号', 64),
};

export const SUBSIDY_RETURN: Fields = {
  sub_mchid,
  out_order_no: ownNumber('商户补差回退单号'),
  transaction_id,
  refund_id: text('微信退款单号', 64, required),
  amount: fen('补差回退金额'),
  description: text('补差回退描述', 80, required),
};

export const SUBSIDY_CANCEL: Fields = {
  sub_mchid,
  transaction_id,
  description: text('取消补差描述', 80, required),
};

const from: Field = {
  type: 'object',
  label: '退款出资账户及金额',
  fields: { account: oneOf('出资账户类型', ['AVAILABLE', 'UNAVAILABLE']), amount: fen('出资金额') },
};

export const REFUND_ACCOUNTS = [
  'REFUND_SOURCE_SUB_MERCHANT',
  'REFUND_SOURCE_PARTNER_ADVANCE',
] as const;

export const PLATFORM_REFUND: Fields = {
  sub_mchid,
  sp_appid: text('电商平台APPID', 32, required),
  sub_appid: text('二级商户APPID', 32),
  transaction_id: text('微信订单号', 32),
  out_trade_no: text('商户订单号', 32),
  out_refund_no: ownNumber('商户退款单号'),
  reason: text('退款原因', 80),
  amount: {
    type: 'object',
    label: '订单金额',
    required: true,
    fields: {
      refund: fen('退款金额'),
      total: fen('原订单金额'),
      currency: text('退款币种', 16, { pattern: /^CNY$/ }),
      from: { type: 'array', label: '退款出资账户及金额', max: 10, item: from },
    },
  },
  notify_url,
  refund_account: oneOf('退款出资商户', REFUND_ACCOUNTS, false),
  funds_account: oneOf('资金账户', ['AVAILABLE', 'UNSETTLED'], false),
};

export const RETURN_ADVANCE: Fields = { sub_mchid };

/** Of the platform's own money. */
export const OWN_WITHDRAW: Fields = {
  out_request_no: text('商户提现单号', 32, { required: true, pattern: /^[0-9A-Za-z]+$/ }),
  amount: fen('提现金额'),
  remark: text('提现备注', 56),
  bank_memo: text('银行附言', 32),
  account_type: oneOf('出款账户类型', FUND_ACCOUNTS),
  notify_url,
};

export const WITHDRAW: Fields = {
  ...OWN_WITHDRAW,
  sub_mchid,
  account_type: oneOf('出款账户类型', FUND_ACCOUNTS, false),
};
