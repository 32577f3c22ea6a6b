import { encryptResource } from '../wechat-pay/resource.ts';

/**
 * Names and shapes of the wire. Amounts are integer fen; times RFC 3339 with +08:00. Fields that
 * are not known yet are left out, never null. https://pay.douyinpay.com/wiki (基础支付, 退款), and the
 * models of the wallet's own SDKs
 */
export const ORDERS = '/v1/trade/transactions';
export const REFUNDS = '/v1/trade/refund/domestic/refunds';
export const CERTIFICATES = '/v1/merchant/certificates/getPlatformCertificates';

export type TradeState = 'SUCCESS' | 'REFUND' | 'NOTPAY' | 'CLOSED' | 'PAYERROR';
export type RefundStatus = 'SUCCESS' | 'CLOSED' | 'PROCESSING' | 'ABNORMAL';

export interface TransactionMessage {
  readonly appid: string;
  readonly mchid: string;
  readonly out_trade_no: string;
  readonly transaction_id?: string;
  readonly trade_type?: 'NATIVE' | 'H5' | 'APP';
  readonly trade_state: TradeState;
  readonly trade_state_desc: string;
  readonly bank_type?: string;
  readonly attach?: string;
  readonly success_time?: string;
  readonly payer?: { readonly openid: string };
  readonly amount: {
    readonly total: number;
    readonly payer_total?: number;
    readonly currency: string;
    readonly payer_currency?: string;
  };
}

export interface RefundMessage {
  readonly refund_id: string;
  readonly out_refund_no: string;
  readonly transaction_id: string;
  readonly out_trade_no: string;
  readonly channel: 'ORIGINAL';
  readonly user_received_account: string;
  readonly success_time?: string;
  readonly create_time: string;
  readonly status: RefundStatus;
  readonly funds_account: 'AVAILABLE';
  readonly amount: {
    readonly total: number;
    readonly refund: number;
    readonly payer_total: number;
    readonly payer_refund: number;
    readonly discount_refund: number;
    readonly currency: string;
    readonly refund_fee: number;
  };
}

export const EVENTS = {
  'TRANSACTION.SUCCESS': { original_type: 'transaction', summary: '支付成功' },
  'REFUND.SUCCESS': { original_type: 'refund', summary: '退款成功' },
  'REFUND.ABNORMAL': { original_type: 'refund', summary: '退款异常' },
  'REFUND.CLOSED': { original_type: 'refund', summary: '退款关闭' },
} as const;
export type EventType = keyof typeof EVENTS;

export function isEventType(text: unknown): text is EventType {
  return typeof text === 'string' && Object.hasOwn(EVENTS, text);
}

/** The body of a notification; the resource is encrypted with the merchant's key. */
export function sealNotification(options: {
  id: string;
  create_time: string;
  event_type: EventType;
  content: object;
  mchid: string;
  encrypt_key: string;
}): object {
  const { original_type, summary } = EVENTS[options.event_type];
  const sealed = encryptResource({
    key: options.encrypt_key,
    plaintext: JSON.stringify(options.content),
    associated_data: original_type,
  });
  return {
    id: options.id,
    create_time: options.create_time,
    event_type: options.event_type,
    resource_type: 'encrypt-resource',
    summary,
    resource: { original_type, ...sealed, mchid: options.mchid },
  };
}

/** How often a refused notification comes again, milliseconds; 3xx counts as refused. */
export const RETRY_SCHEDULE_MS: readonly number[] = [
  15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
].map((seconds) => seconds * 1_000);
