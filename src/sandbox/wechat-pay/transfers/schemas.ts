import { fenNumber } from '../../../protocols/wechat-pay/messages.ts';
import { TRANSFER_LIMITS, TRANSFER_SCENES } from '../../../protocols/wechat-pay/transfers.ts';
import type { Field, Fields } from '../api/fields.ts';

/** The bodies of transfers and standing consents. */
const NUMBER = /^[0-9A-Za-z]+$/;
const URL_WITHOUT_QUERY = /^https?:\/\/[^\s?#@]+$/;
const SCENE = new RegExp(`^(?:${Object.keys(TRANSFER_SCENES).join('|')})$`);

function text(label: string, max: number, more: { required?: boolean; pattern?: RegExp } = {}) {
  return { type: 'string', label, max, ...more } as const;
}

const reportInfos: Field = {
  type: 'array',
  label: '转账场景报备信息',
  required: true,
  max: 10,
  item: {
    type: 'object',
    label: '转账场景报备信息',
    fields: {
      info_type: text('信息类型', 15, { required: true }),
      info_content: text('信息内容', 32, { required: true }),
    },
  },
};

const transfer: Fields = {
  appid: text('商户AppID', 32, { required: true }),
  out_bill_no: text('商户单号', 32, { required: true, pattern: NUMBER }),
  transfer_scene_id: text('转账场景ID', 36, { required: true, pattern: SCENE }),
  openid: text('收款用户OpenID', 64, { required: true }),
  user_name: text('收款用户姓名', 1024),
  transfer_amount: {
    type: 'integer',
    label: '转账金额',
    required: true,
    min: fenNumber(TRANSFER_LIMITS.min),
    max: fenNumber(TRANSFER_LIMITS.max),
  },
  transfer_remark: text('转账备注', 32, { required: true }),
  notify_url: text('通知地址', 256, { pattern: URL_WITHOUT_QUERY }),
  user_recv_perception: text('用户收款感知', 30),
  transfer_scene_report_infos: reportInfos,
};

/** A transfer that its payee confirms. */
export const TRANSFER_FIELDS: Fields = {
  ...transfer,
  user_recv_style: {
    type: 'object',
    label: '用户收款样式',
    fields: { type: text('收款样式类型', 32, { pattern: /^(?:CONFIRM_PAGE|RED_PACKET)$/ }) },
  },
};

const display = text('用户展示名称', 32, { required: true });
const notifyUrl = text('授权结果通知地址', 256, { required: true, pattern: URL_WITHOUT_QUERY });
const number = text('商户侧授权单号', 32, { required: true, pattern: NUMBER });

/** A transfer that its payee confirms while they are asked for a standing consent. */
export const ASKING_FIELDS: Fields = {
  ...transfer,
  authorization_info: {
    type: 'object',
    label: '免确认收款授权信息',
    fields: {
      user_display_name: display,
      out_authorization_no: number,
      authorization_notify_url: notifyUrl,
    },
  },
};

/** A transfer under a standing consent. */
export const CONSENTED_FIELDS: Fields = {
  ...transfer,
  authorization_id: text('微信自动收款授权单号', 64, { required: true }),
  sponsor_mchid: text('出资商户号', 32),
};

export const CONSENT_FIELDS: Fields = {
  out_authorization_no: number,
  appid: text('商户AppID', 32, { required: true }),
  openid: text('收款用户OpenID', 64, { required: true }),
  transfer_scene_id: text('转账场景ID', 36, { required: true, pattern: SCENE }),
  user_display_name: display,
  user_recv_perception: text('用户收款感知', 256),
  authorization_notify_url: notifyUrl,
};
