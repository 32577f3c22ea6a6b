/**
 * Transfers from a merchant to a person (商家转账), as both sides name them. Amounts are integer
 * fen, times RFC 3339.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012711988
 *
 * ACCEPTED → PROCESSING → WAIT_USER_CONFIRM → TRANSFERING → SUCCESS | FAIL;
 * up to WAIT_USER_CONFIRM also → CANCELING → CANCELLED. Unconfirmed for 24 hours: FAIL.
 */
export const TRANSFER_STATES = [
  'ACCEPTED',
  'PROCESSING',
  'WAIT_USER_CONFIRM',
  'TRANSFERING',
  'SUCCESS',
  'FAIL',
  'CANCELING',
  'CANCELLED',
] as const;
export type TransferState = (typeof TRANSFER_STATES)[number];

/** Why a transfer failed; the wallet has some more. */
export type TransferFailure = 'OVERDUE_CLOSE' | 'NAME_NOT_CORRECT' | 'PAYEE_ACCOUNT_ABNORMAL';

/** Answer of creating a transfer. */
export interface TransferCreated {
  readonly out_bill_no: string;
  readonly transfer_bill_no: string;
  readonly create_time: string;
  readonly state: TransferState;
  readonly fail_reason?: string;
  /** What the payee's app needs to ask them; only while they can still confirm. */
  readonly package_info?: string;
}

/** Answer of a query. */
export interface TransferMessage {
  readonly mch_id: string;
  readonly out_bill_no: string;
  readonly transfer_bill_no: string;
  readonly appid: string;
  readonly state: TransferState;
  readonly transfer_amount: number;
  readonly transfer_remark: string;
  readonly fail_reason?: string;
  readonly openid: string;
  /** Encrypted to the merchant's certificate; only where the request had a name. */
  readonly user_name?: string;
  readonly create_time: string;
  readonly update_time: string;
}

/** Content of MCHTRANSFER.BILL.FINISHED: `mchid` here, `mch_id` in answers. */
export interface TransferNotice {
  readonly mchid: string;
  readonly out_bill_no: string;
  readonly transfer_bill_no: string;
  readonly state: TransferState;
  readonly transfer_amount: number;
  readonly openid: string;
  readonly fail_reason?: string;
  readonly create_time: string;
  readonly update_time: string;
}

export const CONSENT_STATES = ['WAIT_USER_CONFIRM', 'TAKING_EFFECT', 'CLOSED'] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];
export type ConsentClosure = 'CLOSE_VIA_MCH_API' | 'USER_CLOSE' | 'USER_OVERDUE_UNCONFIRMED';

/** A payee's standing consent (免确认收款授权): later transfers arrive without asking. */
export interface ConsentMessage {
  readonly out_authorization_no: string;
  readonly appid: string;
  readonly openid: string;
  readonly user_display_name: string;
  readonly authorization_id?: string;
  readonly state: ConsentState;
  readonly authorize_time?: string;
  readonly close_info?: { readonly close_time: string; readonly close_reason: ConsentClosure };
  readonly transfer_scene_id?: string;
  readonly user_recv_perception?: string;
  readonly create_time?: string;
  readonly package_info?: string;
}

/**
 * What a transfer is for. Each scene wants its own items reported, all of them and no others; an
 * empty list: the wallet's items are not known to us, any will do.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012711988#3.3
 */
export const TRANSFER_SCENES: Readonly<Record<string, readonly string[]>> = {
  '1000': ['活动名称', '奖励说明'],
  '1002': ['补贴类型'],
  '1004': ['保险产品备案编号', '保险名称', '保险操作单号'],
  '1005': ['岗位类型', '报酬说明'],
  '1006': [],
  '1009': ['采购商品名称'],
  '1010': ['回收商品名称'],
  '1011': ['赔付原因'],
  '1013': ['公益活动名称', '公益活动备案编号'],
};

const HOUR_MS = 3_600_000;

export const TRANSFER_LIMITS = {
  min: 10n,
  /** One transfer. */
  max: 2_000_000n,
  /** All transfers of a merchant in a day, and those to one payee. */
  merchant_day: 10_000_000n,
  payee_day: 2_000_000n,
  /** From here on the payee's real name must be sent. */
  name_from: 200_000n,
  confirm_ms: 24 * HOUR_MS,
  query_ms: 30 * 24 * HOUR_MS,
  /** Standing consents of one person with one merchant, asked for or in effect. */
  consents: 5,
} as const;
