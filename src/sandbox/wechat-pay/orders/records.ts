import type { RefundStatus } from '../../../protocols/wechat-pay/messages.ts';

/** Orders made ahead of the payer; `codepay` is charged on the spot. */
export const PREPARED_KINDS = ['native', 'h5', 'jsapi', 'app'] as const;
export type PreparedKind = (typeof PREPARED_KINDS)[number];
export type OrderKind = PreparedKind | 'codepay';

/**
 * What a prepay id or a code stands for: one order, or several that are paid together. Times are
 * business time, epoch milliseconds; amounts are fen.
 */
interface Prepared {
  readonly kind: OrderKind;
  /** The merchant that signed: a direct one, or the partner or platform of `sub_mchid`. */
  readonly mchid: string;
  readonly appid: string;
  readonly notify_url: string;
  /** Digest of the parameters of the first request. */
  readonly fingerprint: string;
  readonly created_at: number;
  readonly expires_at: number;
  /** The only openid that may pay; JSAPI orders are made for one payer. */
  readonly payer_openid: string | null;
  /** Payer codes have no prepay id and no code: both are empty then. */
  prepay_id: string;
  /** What follows `pr=` in a Native code. */
  token: string;
  /** When prepay id and code were last renewed; their lives count from here. */
  prepared_at: number;
  /** The code voided by the last renewal, to tell its holder so. */
  voided_token: string | null;
  voided_prepay_id: string | null;
  person: string | null;
  openid: string | null;
  transaction_id: string | null;
  paid_at: number | null;
}

/**
 * NOTPAY → SUCCESS (paid) → REFUND (first refund accepted); NOTPAY → CLOSED (close, expiry).
 * By payer code: SUCCESS at once, or USERPAYING → SUCCESS | PAYERROR; each of them → REVOKED.
 */
export interface OrderRecord extends Prepared {
  readonly sequence: number;
  /** The seller that gets the money; null for a direct merchant. */
  readonly sub_mchid: string | null;
  readonly sub_appid: string | null;
  /** One part of several orders paid together; the whole has this number. */
  readonly combine_out_trade_no: string | null;
  /** Unique for `mchid` and all its sellers together. */
  readonly out_trade_no: string;
  readonly description: string;
  readonly attach: string | null;
  readonly device_id: string | null;
  readonly total: bigint;
  /** The money is held for profit sharing until it is split or released. */
  readonly profit_sharing: boolean;
  /** What a platform said it may add to this order. */
  readonly subsidy_amount: bigint;
  state: 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'USERPAYING' | 'PAYERROR' | 'REVOKED';
  sub_openid: string | null;
  /** Codepay: the payer had to give the password. */
  password_asked: boolean;
  coupon: UsedCoupon | null;
  /** What the wallet charged the seller; 0 until paid. Refunds give it back pro rata. */
  fee: bigint;
  fee_returned: bigint;
  /** Sum and number of accepted refunds. */
  refunded: bigint;
  refund_count: number;
  /** When the order was reversed, paid or not. */
  revoked_at: number | null;
}

/** Parts are paid all or none; each has a payment number of its own. NOTPAY → SUCCESS | CLOSED. */
export interface CombinedRecord extends Prepared {
  readonly kind: PreparedKind;
  readonly combine_out_trade_no: string;
  readonly device_id: string | null;
  /** Numbers of the parts, in the order of the request. */
  readonly parts: readonly { readonly mchid: string; readonly out_trade_no: string }[];
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED';
}

export type Payable = OrderRecord | CombinedRecord;

export function isCombined(payable: Payable): payable is CombinedRecord {
  return 'parts' in payable;
}

/** A coupon that lowered what the payer paid. The merchant bears it only when it funded it. */
export interface UsedCoupon {
  readonly coupon_id: string;
  readonly stock_id: string;
  readonly name: string;
  readonly amount: bigint;
  readonly funded_by: 'wallet' | 'merchant' | 'other';
}

export type RefundChannel = 'ORIGINAL' | 'BALANCE' | 'OTHER_BALANCE' | 'OTHER_BANKCARD';

/**
 * PROCESSING → SUCCESS | ABNORMAL (the payer cannot be reached); ABNORMAL → PROCESSING again, to a
 * bank card; each that is not SUCCESS → CLOSED (given up, the money is the merchant's again).
 */
export interface RefundRecord {
  readonly refund_id: string;
  readonly mchid: string;
  /** The seller that gives the money; null for a direct merchant. */
  readonly sub_mchid: string | null;
  readonly out_refund_no: string;
  readonly out_trade_no: string;
  readonly transaction_id: string;
  readonly fingerprint: string;
  readonly amount: bigint;
  readonly total: bigint;
  /** What the payer gets of it and what the seller gives: less, when a coupon paid a part. */
  readonly payer_refund: bigint;
  readonly settlement_refund: bigint;
  /** The part of the order's fee that the seller gets back. */
  readonly fee: bigint;
  /** Where the seller's money was taken from, and how much from which part where it said so. */
  readonly funds_account: 'UNSETTLED' | 'AVAILABLE' | 'UNAVAILABLE';
  readonly from: readonly { readonly account: string; readonly amount: bigint }[];
  readonly notify_url: string | null;
  readonly created_at: number;
  /** Business time from which the refund counts as arrived. */
  due_at: number;
  /** It will not arrive on its way: somebody has to name another. */
  stuck: boolean;
  channel: RefundChannel;
  user_received_account: string;
  status: RefundStatus;
  succeeded_at: number | null;
}
