import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  type RefundMessage,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest, parameterError } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';
import type { RefundRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { ABNORMAL_FIELDS } from './fields.ts';
import { refundMessage } from './messages.ts';
import { scheduleSettlement } from './progress.ts';
import { refundNotFound, sellerOf } from './refundable.ts';
import { findRefund } from './refunds.ts';

/**
 * A refund that could not reach the payer is sent to a bank card: the payer's, whose number and
 * name come encrypted, or the merchant's own, which then settles with the payer itself.
 * https://pay.weixin.qq.com/doc/v3/merchant/4013071193
 */
export function applyAbnormalRefund(
  context: SandboxContext,
  merchant: Merchant,
  call: { refund_id: string; body: WireObject; open: RouteCall['open'] },
): RefundMessage {
  const { refund_id, body, open } = call;
  checkFields(ABNORMAL_FIELDS, body);
  const sub_mchid = sellerOf(context, merchant, textField(body, 'sub_mchid'));
  const { order, refund } = findRefund(context, merchant, textField(body, 'out_refund_no') ?? '');
  if (refund.refund_id !== refund_id || refund.sub_mchid !== sub_mchid) {
    throw refundNotFound('退款单不存在');
  }
  const received_by = receiver(body, open);
  // The same wish again, while it is on its way or after it arrived, changes nothing.
  const again = refund.channel === 'OTHER_BANKCARD' && refund.user_received_account === received_by;
  if (again) return refundMessage(order, refund);
  if (refund.status !== 'ABNORMAL') {
    throw invalidRequest('退款单状态不是退款异常，不能发起异常退款', INTERNAL_CODE.bad_parameter);
  }
  sendAgain(context, refund, received_by);
  return refundMessage(order, refund);
}

function sendAgain(context: SandboxContext, refund: RefundRecord, received_by: string): void {
  refund.status = 'PROCESSING';
  refund.stuck = false;
  refund.channel = 'OTHER_BANKCARD';
  refund.user_received_account = received_by;
  refund.due_at = context.clock.now().getTime() + context.refund_delay_ms;
  context.books.putRefund(refund);
  scheduleSettlement(context, refund);
}

function receiver(body: WireObject, open: RouteCall['open']): string {
  if (body.type === 'MERCHANT_BANK_CARD') return '交易商户银行账户';
  const bank = textField(body, 'bank_type');
  if (bank === undefined) throw missing('/bank_type', '开户银行');
  const account = opened(body, open, { name: 'bank_account', label: '收款银行卡号' });
  opened(body, open, { name: 'real_name', label: '收款用户姓名' });
  if (!/^\d{12,19}$/.test(account)) {
    throw parameterError({
      field: '/bank_account',
      issue: 'not a card number',
      location: 'body',
      message: '收款银行卡号格式错误',
    });
  }
  return `${bank.replace(/_DEBIT$/, '')}借记卡${account.slice(-4)}`;
}

function opened(
  body: WireObject,
  open: RouteCall['open'],
  field: { name: string; label: string },
): string {
  const sealed = textField(body, field.name);
  if (sealed === undefined) throw missing(`/${field.name}`, field.label);
  const clear = open(sealed);
  if (clear !== undefined && clear !== '') return clear;
  throw parameterError({
    field: `/${field.name}`,
    issue: 'not encrypted with the key that Wechatpay-Serial names',
    location: 'body',
    message: '请确认待处理的消息是否为加密后的密文',
  });
}

function missing(field: string, label: string) {
  const message = `退款至用户银行卡时，“${label}”必填`;
  return parameterError({ field, issue: 'missing', location: 'body', message });
}
