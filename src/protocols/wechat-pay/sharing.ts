/**
 * Profit sharing on the wire, in its two vocabularies that do not mix: ordinary (direct merchants
 * and partners) and ecommerce (platforms of 收付通). Amounts are integer fen.
 * https://pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter8_1_1.shtml
 */
export const RECEIVER_TYPES = ['MERCHANT_ID', 'PERSONAL_OPENID', 'PERSONAL_SUB_OPENID'] as const;
export type ReceiverType = (typeof RECEIVER_TYPES)[number];

export const RELATION_TYPES = [
  'SERVICE_PROVIDER',
  'STORE',
  'STAFF',
  'STORE_OWNER',
  'PARTNER',
  'HEADQUARTER',
  'BRAND',
  'DISTRIBUTOR',
  'USER',
  'SUPPLIER',
  'CUSTOM',
] as const;

/** How a receiver stands to a platform: a shorter list. */
export const PLATFORM_RELATION_TYPES = [
  'SUPPLIER',
  'DISTRIBUTOR',
  'SERVICE_PROVIDER',
  'PLATFORM',
  'OTHERS',
] as const;

export type SplitState = 'PROCESSING' | 'FINISHED';
export type SplitPartResult = 'PENDING' | 'SUCCESS' | 'CLOSED';
export type SplitReturnResult = 'PROCESSING' | 'SUCCESS' | 'FAILED';

export type SplitFailReason =
  | 'ACCOUNT_ABNORMAL'
  | 'NO_RELATION'
  | 'RECEIVER_HIGH_RISK'
  | 'RECEIVER_REAL_NAME_NOT_VERIFIED'
  | 'NO_AUTH'
  | 'RECEIVER_RECEIPT_LIMIT'
  | 'PAYER_ACCOUNT_ABNORMAL'
  | 'INVALID_REQUEST';

export type ReturnFailReason = SplitFailReason | 'BALANCE_NOT_ENOUGH' | 'TIME_OUT_CLOSED';

/** One receiver in the answer of an ordinary split. */
export interface SplitPartMessage {
  readonly type: ReceiverType;
  readonly account: string;
  readonly amount: number;
  readonly description: string;
  readonly result: SplitPartResult;
  readonly fail_reason?: SplitFailReason;
  readonly detail_id: string;
  readonly create_time: string;
  readonly finish_time: string;
}

/** Answer of splitting, releasing and querying, ordinary. */
export interface SplitMessage {
  readonly sub_mchid?: string;
  readonly transaction_id: string;
  readonly out_order_no: string;
  readonly order_id: string;
  readonly state: SplitState;
  readonly receivers: readonly SplitPartMessage[];
}

/** The same for a platform: other names for the same things. */
export interface PlatformSplitMessage {
  readonly sub_mchid: string;
  readonly transaction_id: string;
  readonly out_order_no: string;
  readonly order_id: string;
  readonly status: SplitState;
  readonly receivers: readonly (Omit<SplitPartMessage, 'account' | 'create_time'> & {
    readonly receiver_account: string;
    readonly receiver_mchid?: string;
  })[];
  /** Of a finish alone: what the seller was given. */
  readonly finish_amount?: number;
  readonly finish_description?: string;
}

/** Answer of a return and of its query; the wallet's number is `return_no` for a platform. */
export interface SplitReturnMessage {
  readonly sub_mchid?: string;
  readonly order_id: string;
  readonly out_order_no: string;
  readonly out_return_no: string;
  readonly return_id?: string;
  readonly return_no?: string;
  readonly return_mchid: string;
  readonly amount: number;
  readonly description?: string;
  readonly result: SplitReturnResult;
  readonly fail_reason?: ReturnFailReason;
  readonly create_time?: string;
  readonly finish_time: string;
}

/** Content of PROFITSHARING.SUCCESS and .RETURN: one receiver, told to that receiver alone. */
export interface SplitNotice {
  readonly mchid?: string;
  readonly sp_mchid?: string;
  readonly sub_mchid?: string;
  readonly transaction_id: string;
  readonly order_id: string;
  readonly out_order_no: string;
  readonly receiver: {
    readonly type: ReceiverType;
    readonly account: string;
    readonly amount: number;
    readonly description: string;
  };
  readonly success_time: string;
}
