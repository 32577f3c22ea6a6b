/**
 * The objects on the wire, as WeChat Pay names their fields. Amounts are integer fen; times are
 * RFC 3339 with `+08:00`; a field without value is missing, never null.
 */
export type TradeType = 'JSAPI' | 'NATIVE' | 'APP' | 'MICROPAY' | 'MWEB' | 'FACEPAY';

export type TradeState =
  | 'SUCCESS'
  | 'REFUND'
  | 'NOTPAY'
  | 'CLOSED'
  | 'REVOKED'
  | 'USERPAYING'
  | 'PAYERROR'
  | 'ACCEPT';

/**
 * Answer of a query and content of a TRANSACTION.SUCCESS notification. A direct merchant is `appid`
 * and `mchid`; a partner is `sp_…`, the seller under it `sub_…`.
 */
export interface TransactionMessage {
  readonly appid?: string;
  readonly mchid?: string;
  readonly sp_appid?: string;
  readonly sp_mchid?: string;
  readonly sub_appid?: string;
  readonly sub_mchid?: string;
  readonly out_trade_no: string;
  readonly transaction_id?: string;
  readonly trade_type?: TradeType;
  readonly trade_state: TradeState;
  readonly trade_state_desc: string;
  readonly bank_type?: string;
  readonly attach?: string;
  readonly success_time?: string;
  readonly payer?: {
    readonly openid?: string;
    readonly sp_openid?: string;
    readonly sub_openid?: string;
  };
  readonly amount?: {
    readonly total: number;
    readonly payer_total?: number;
    readonly currency?: string;
    readonly payer_currency?: string;
  };
  readonly scene_info?: { readonly device_id: string };
  readonly promotion_detail?: readonly PromotionMessage[];
}

/** A coupon that was used, by who funded it. */
export interface PromotionMessage {
  readonly coupon_id: string;
  readonly name: string;
  readonly scope: 'GLOBAL' | 'SINGLE';
  readonly type: 'CASH' | 'NOCASH';
  readonly amount: number;
  readonly stock_id: string;
  readonly wechatpay_contribute: number;
  readonly merchant_contribute: number;
  readonly other_contribute: number;
  readonly currency: string;
}

/** Orders paid together: other names for the same amounts, and one notification for all. */
export interface CombinedMessage {
  readonly combine_appid: string;
  readonly combine_mchid: string;
  readonly combine_out_trade_no: string;
  readonly scene_info?: { readonly device_id: string };
  readonly sub_orders: readonly CombinedPartMessage[];
  readonly combine_payer_info?: { readonly openid: string };
}

export interface CombinedPartMessage {
  readonly mchid: string;
  readonly sub_mchid?: string;
  readonly sub_appid?: string;
  readonly sub_openid?: string;
  readonly out_trade_no: string;
  readonly transaction_id?: string;
  readonly trade_type?: TradeType;
  readonly trade_state: TradeState;
  readonly bank_type?: string;
  readonly attach: string;
  readonly success_time?: string;
  readonly amount: {
    readonly total_amount: number;
    readonly payer_amount?: number;
    readonly currency: string;
    readonly payer_currency?: string;
  };
  readonly promotion_detail?: readonly PromotionMessage[];
}

export type RefundStatus = 'SUCCESS' | 'CLOSED' | 'PROCESSING' | 'ABNORMAL';

/** Answer of creating or querying a refund. */
export interface RefundMessage {
  readonly refund_id: string;
  readonly out_refund_no: string;
  readonly transaction_id: string;
  readonly out_trade_no: string;
  readonly channel: 'ORIGINAL' | 'BALANCE' | 'OTHER_BALANCE' | 'OTHER_BANKCARD';
  readonly user_received_account: string;
  readonly success_time?: string;
  readonly create_time: string;
  readonly status: RefundStatus;
  readonly funds_account: string;
  readonly amount: {
    readonly total: number;
    readonly refund: number;
    readonly payer_total: number;
    readonly payer_refund: number;
    readonly settlement_total: number;
    readonly settlement_refund: number;
    readonly discount_refund: number;
    readonly currency: string;
    /** The part of the fee that the merchant gets back. */
    readonly refund_fee?: number;
    readonly from?: readonly { readonly account: string; readonly amount: number }[];
  };
  readonly promotion_detail?: readonly RefundPromotionMessage[];
}

/** A coupon's part of a refund. */
export interface RefundPromotionMessage {
  readonly promotion_id: string;
  readonly scope: 'GLOBAL' | 'SINGLE';
  readonly type: 'CASH' | 'NOCASH';
  readonly amount: number;
  readonly refund_amount: number;
}

/** Content of a refund notification: `refund_status` here, `status` in answers. */
export interface RefundNotice {
  readonly mchid?: string;
  readonly sp_mchid?: string;
  readonly sub_mchid?: string;
  readonly out_trade_no: string;
  readonly transaction_id: string;
  readonly out_refund_no: string;
  readonly refund_id: string;
  readonly refund_status: RefundStatus;
  readonly success_time?: string;
  readonly user_received_account: string;
  readonly amount: {
    readonly total: number;
    readonly refund: number;
    readonly payer_total: number;
    readonly payer_refund: number;
  };
}

/** A JSON object of the wire, before its fields are known. */
export type WireObject = Readonly<Record<string, unknown>>;

export function isWireObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined when the text is not one JSON object. */
export function parseWireObject(text: string): WireObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isWireObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A string field with content. */
export function textField(from: WireObject, name: string): string | undefined {
  const value = from[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An object field; an empty object when it is missing. */
export function objectField(from: WireObject, name: string): WireObject {
  const value = from[name];
  return isWireObject(value) ? value : {};
}

/** A field of integer fen, zero or more. */
export function fenField(from: WireObject, name: string): bigint | undefined {
  const value = from[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? BigInt(value)
    : undefined;
}

/** Fen as the JSON integer of the wire; amounts are bounded far below 2^53. */
export function fenNumber(amount: bigint): number {
  const value = Number.parseInt(amount.toString(), 10);
  if (!Number.isSafeInteger(value)) throw new RangeError('an amount does not fit the wire');
  return value;
}

/** A time with zone; undefined when it is missing or not a time. */
export function timeField(from: WireObject, name: string): Date | undefined {
  const value = textField(from, name);
  if (value === undefined || !WIRE_TIME.test(value)) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** RFC 3339 with seconds and a zone. */
export const WIRE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})$/;
