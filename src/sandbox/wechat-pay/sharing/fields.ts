import { RECEIVER_TYPES, RELATION_TYPES } from '../../../protocols/wechat-pay/sharing.ts';
import type { Field, Fields } from '../api/fields.ts';
import { MAX_PARTS } from './rules.ts';

/** The bodies of the ordinary calls. */
const MAX_FEN = 100_000_000_00;
/** Base64 of an RSA ciphertext; keys of 4096 bits give 684 characters. */
const MAX_CIPHERTEXT = 1024;
export const NUMBER_PATTERN = /^[0-9A-Za-z_\-|*@]+$/;

type More = { required?: boolean; pattern?: RegExp };

export function text(label: string, max: number, more: More = {}): Field {
  return { type: 'string', label, max, ...more };
}

export function oneOf(label: string, words: readonly string[], required = true): Field {
  return text(label, 64, { required, pattern: new RegExp(`^(?:${words.join('|')})$`) });
}

export function ciphertext(label: string, required = false): Field {
  return text(label, MAX_CIPHERTEXT, { required });
}

export function fen(label: string): Field {
  return { type: 'integer', label, required: true, min: 1, max: MAX_FEN };
}

export function ownNumber(label: string, required = true): Field {
  return text(label, 64, { required, pattern: NUMBER_PATTERN });
}

const payer: Fields = {
  sub_mchid: text('子商户号', 32),
  appid: text('公众账号ID', 32),
  sub_appid: text('子商户公众账号ID', 32),
};

const receiver: Fields = {
  type: oneOf('分账接收方类型', RECEIVER_TYPES),
  account: text('分账接收方账号', 64, { required: true }),
  name: ciphertext('分账个人接收方姓名'),
};

export const ADD_RECEIVER: Fields = {
  ...payer,
  appid: text('公众账号ID', 32, { required: true }),
  ...receiver,
  relation_type: oneOf('与分账方的关系类型', RELATION_TYPES),
  custom_relation: text('自定义的分账关系', 10),
};

export const DELETE_RECEIVER: Fields = {
  ...payer,
  appid: text('公众账号ID', 32, { required: true }),
  type: oneOf('分账接收方类型', RECEIVER_TYPES),
  account: text('分账接收方账号', 64, { required: true }),
};

export const SPLIT: Fields = {
  ...payer,
  transaction_id: text('微信支付订单号', 32, { required: true }),
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
        ...receiver,
        amount: fen('分账金额'),
        description: text('分账描述', 80, { required: true }),
      },
    },
  },
  unfreeze_unsplit: { type: 'boolean', label: '是否解冻剩余未分资金', required: true },
  notify_url: text('回调地址', 256),
};

export const RELEASE: Fields = {
  sub_mchid: text('子商户号', 32),
  transaction_id: text('微信支付订单号', 32, { required: true }),
  out_order_no: ownNumber('商户分账单号'),
  description: text('分账描述', 80, { required: true }),
  notify_url: text('回调地址', 256),
};

export const RETURN: Fields = {
  sub_mchid: text('子商户号', 32),
  order_id: text('微信分账单号', 64),
  out_order_no: ownNumber('商户分账单号', false),
  out_return_no: ownNumber('商户回退单号'),
  return_mchid: text('回退商户号', 32, { required: true }),
  amount: fen('回退金额'),
  description: text('回退描述', 80, { required: true }),
};
