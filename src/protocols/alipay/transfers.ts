/**
 * Transfers from a merchant to a person (单笔转账), as both sides name them. Amounts are yuan as
 * text. https://opendocs.alipay.com/open/62987723_alipay.fund.trans.uni.transfer
 *
 * DEALING → SUCCESS | FAIL; SUCCESS → REFUND (a bank gave it back).
 */
export const TRANSFER_STATUSES = ['SUCCESS', 'FAIL', 'DEALING', 'REFUND'] as const;
export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

export const TRANSFER_PRODUCTS = ['TRANS_ACCOUNT_NO_PWD', 'STD_RED_PACKET'] as const;
export type TransferProduct = (typeof TRANSFER_PRODUCTS)[number];

export const DIRECT_TRANSFER = 'DIRECT_TRANSFER';

/** How `payee_info.identity` names a person. */
export const IDENTITY_TYPES = ['ALIPAY_USER_ID', 'ALIPAY_LOGON_ID', 'ALIPAY_OPEN_ID'] as const;
export type IdentityType = (typeof IDENTITY_TYPES)[number];

/** The wallet tells of a finished transfer on the application's message channel. */
export const TRANSFER_MESSAGE = 'alipay.fund.trans.order.changed';

/** Content of that message. */
export interface TransferMessage {
  readonly action_type: 'FINISH';
  readonly order_id: string;
  readonly out_biz_no: string;
  readonly pay_fund_order_id: string;
  readonly product_code: TransferProduct;
  readonly biz_scene: string;
  readonly origin_interface: 'alipay.fund.trans.uni.transfer';
  readonly status: TransferStatus;
  readonly trans_amount: string;
  readonly pay_date?: string;
  readonly error_code?: string;
  readonly fail_reason?: string;
}

export const TRANSFER_LIMITS = {
  min: 10n,
  /** One transfer to a person. */
  max: 5_000_000n,
  /** One red packet. */
  red_packet_max: 20_000n,
  /** All transfers of a merchant in a day. */
  day: 100_000_000n,
  /** From here on the reason (`remark`) must be given. */
  remark_from: 5_000_000n,
} as const;
