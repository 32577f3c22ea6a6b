import { isWireObject, parseWireObject, textField } from './messages.ts';
import { type EncryptedResource, encryptResource } from './resource.ts';

/**
 * The envelope of a notification; what it says is encrypted in `resource`. The `id` stays the same
 * over retries, ciphertext and signature need not.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
export interface NotificationEnvelope {
  readonly id: string;
  readonly create_time: string;
  readonly event_type: string;
  readonly resource_type: 'encrypt-resource';
  readonly summary: string;
  readonly resource: EncryptedResource & { readonly original_type?: string | undefined };
}

/** Every event we send or understand: what its envelope says, and the type of what is inside. */
export const EVENTS = {
  'TRANSACTION.SUCCESS': { summary: '支付成功', original_type: 'transaction' },
  'REFUND.SUCCESS': { summary: '退款成功', original_type: 'refund' },
  'REFUND.ABNORMAL': { summary: '退款异常', original_type: 'refund' },
  'REFUND.CLOSED': { summary: '退款关闭', original_type: 'refund' },
  'MCHTRANSFER.BILL.FINISHED': { summary: '商家转账单据终态通知', original_type: 'mch_payment' },
  'MCHTRANSFER.AUTHORIZATION.CONFIRMED': { summary: '授权确认通知', original_type: 'mch_payment' },
  'MCHTRANSFER.AUTHORIZATION.CLOSED': { summary: '授权关闭通知', original_type: 'mch_payment' },
  'PROFITSHARING.SUCCESS': { summary: '分账成功', original_type: 'profitsharing' },
  'PROFITSHARING.RETURN': { summary: '分账回退成功', original_type: 'profitsharing' },
  'MCHWITHDRAW.CHANGE': { summary: '商户提现状态变更', original_type: 'mch_withdraw' },
  'APPLYMENT_STATE.APPROVED': { summary: '商户入驻申请通知', original_type: 'applyment' },
  'SECURITY_ECHO.SUCCESS': { summary: '回声测试', original_type: 'security' },
} as const;

export type EventType = keyof typeof EVENTS;

/** Gaps between the tries of one notification, milliseconds: 15 retries over 24 h 4 m. */
export const RETRY_SCHEDULE_MS: readonly number[] = [
  15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600,
].map((seconds) => seconds * 1000);

export function sealNotification(options: {
  id: string;
  create_time: string;
  event_type: EventType;
  content: object;
  api_v3_key: string;
}): NotificationEnvelope {
  const { original_type, summary } = EVENTS[options.event_type];
  const resource = encryptResource({
    key: options.api_v3_key,
    plaintext: JSON.stringify(options.content),
    associated_data: original_type,
  });
  return {
    id: options.id,
    create_time: options.create_time,
    resource_type: 'encrypt-resource',
    event_type: options.event_type,
    summary,
    resource: { original_type, ...resource },
  };
}

export interface OpenedEnvelope {
  readonly id: string;
  readonly event_type: string;
  readonly original_type: string | undefined;
  readonly resource: EncryptedResource;
}

/** Undefined when the body is not an envelope. */
export function parseEnvelope(body: string): OpenedEnvelope | undefined {
  const envelope = parseWireObject(body);
  if (!envelope || !isWireObject(envelope.resource)) return undefined;
  const { resource } = envelope;
  const id = textField(envelope, 'id');
  const event_type = textField(envelope, 'event_type');
  const algorithm = textField(resource, 'algorithm');
  const ciphertext = textField(resource, 'ciphertext');
  const nonce = textField(resource, 'nonce');
  if (!id || !event_type || !algorithm || !ciphertext || !nonce) return undefined;
  return {
    id,
    event_type,
    original_type: textField(resource, 'original_type'),
    resource: {
      algorithm,
      ciphertext,
      nonce,
      associated_data: textField(resource, 'associated_data'),
    },
  };
}
