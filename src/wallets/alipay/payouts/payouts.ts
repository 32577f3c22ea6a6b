import { toYuan } from '../../../money.ts';
import { fenOf, parseStamp } from '../../../protocols/alipay/trade.ts';
import {
  DIRECT_TRANSFER,
  type IdentityType,
  TRANSFER_LIMITS,
  type TransferProduct,
  type TransferStatus,
} from '../../../protocols/alipay/transfers.ts';
import type { PayoutFact, PayoutOrder, PayoutOutcome, Payouts } from '../../products/payouts.ts';
import type { RefusalCode } from '../../wallet.ts';
import { type AlipayAccount, openAccount, otherApp } from '../account.ts';
import { type Gateway, type GatewayAnswer, refusedBy, undecided, type Value } from '../gateway.ts';
import { TRANSFER, TRANSFER_QUERY } from './calls.ts';

/**
 * Transfers to persons, who are not asked; the application must be in certificate mode. After a
 * SYSTEM_ERROR or silence the same request is sent again, or the transfer is queried.
 * https://opendocs.alipay.com/open/62987723_alipay.fund.trans.uni.transfer
 */
const PRODUCT: TransferProduct = 'TRANS_ACCOUNT_NO_PWD';
/** The wallet does not know yet what became of it. */
const OPEN_CODES = new Set(['SYSTEM_ERROR', 'REQUEST_PROCESSING', 'PROCESS_FAIL']);
const MAX_TITLE = 128;
const MAX_REMARK = 200;

const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  PAYER_BALANCE_NOT_ENOUGH: 'insufficient_funds',
  BALANCE_IS_NOT_ENOUGH: 'insufficient_funds',
  PAYMENT_INFO_INCONSISTENCY: 'reference_reused',
  BIZ_UNIQUE_EXCEPTION: 'reference_reused',
  INVALID_PARAMETER: 'invalid_request',
  PAYEE_NOT_EXIST: 'invalid_request',
  PAYEE_USER_INFO_ERROR: 'invalid_request',
  PAYEE_ACC_OCUPIED: 'invalid_request',
  EXCEED_LIMIT_SM_MIN_AMOUNT: 'invalid_request',
  MEMO_REQUIRED_IN_TRANSFER_ERROR: 'invalid_request',
  EXCEED_LIMIT_PERSONAL_SM_AMOUNT: 'not_permitted',
  EXCEED_LIMIT_DM_MAX_AMOUNT: 'not_permitted',
  PERM_AML_NOT_REALNAME_REV: 'not_permitted',
};

const STATES: Readonly<Record<TransferStatus, PayoutFact['state']>> = {
  SUCCESS: 'succeeded',
  FAIL: 'refused',
  DEALING: 'pending',
  REFUND: 'returned',
};

export function payouts(gateway: Gateway): Payouts {
  return {
    min_amount: TRANSFER_LIMITS.min,
    max_amount: TRANSFER_LIMITS.max,
    confirm_hours: 0,
    pay: (account, order) => pay(gateway, openAccount(account), order),
    query: (account, reference) => query(gateway, openAccount(account), reference),
  };
}

async function pay(
  gateway: Gateway,
  account: AlipayAccount,
  order: PayoutOrder,
): Promise<PayoutOutcome> {
  const refused = otherApp(account, TRANSFER, order.app);
  if (refused) return refused;
  const title = order.description.slice(0, MAX_TITLE);
  const answer = await gateway.call(account, {
    method: TRANSFER,
    biz_content: {
      out_biz_no: order.payout_reference,
      trans_amount: toYuan(order.amount),
      product_code: PRODUCT,
      biz_scene: DIRECT_TRANSFER,
      ...(title === '' ? {} : { order_title: title, remark: title.slice(0, MAX_REMARK) }),
      payee_info: {
        identity: order.payee,
        identity_type: identityType(order.payee),
        ...(order.payee_name === undefined ? {} : { name: order.payee_name }),
      },
      ...scene(order),
    },
  });
  return outcome(answer, order.payout_reference, order.amount);
}

/** Newer contracts want to be told what a transfer is for. */
function scene({ scene: name, scene_report }: PayoutOrder): Record<string, unknown> {
  if (name === undefined) return {};
  const infos = Object.entries(scene_report ?? {});
  return {
    transfer_scene_name: name,
    transfer_scene_report_infos: infos.map(([info_type, info_content]) => ({
      info_type,
      info_content,
    })),
  };
}

/** A user id is 16 digits from 2088; a login name is an address or a phone number. */
function identityType(payee: string): IdentityType {
  if (/^2088\d{12}$/.test(payee)) return 'ALIPAY_USER_ID';
  return payee.includes('@') || /^1\d{10}$/.test(payee) ? 'ALIPAY_LOGON_ID' : 'ALIPAY_OPEN_ID';
}

async function query(
  gateway: Gateway,
  account: AlipayAccount,
  payout_reference: string,
): Promise<PayoutOutcome> {
  const answer = await gateway.call(account, {
    method: TRANSFER_QUERY,
    biz_content: {
      out_biz_no: payout_reference,
      product_code: PRODUCT,
      biz_scene: DIRECT_TRANSFER,
    },
  });
  if (answer.kind === 'answered' && answer.sub_code === 'ORDER_NOT_EXIST') {
    return { kind: 'not_found', trace: answer.trace };
  }
  return outcome(answer, payout_reference);
}

function outcome(answer: GatewayAnswer, payout_reference: string, amount?: bigint): PayoutOutcome {
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace, value } = answer;
  if (answer.code !== '10000') {
    if (OPEN_CODES.has(answer.sub_code)) return { kind: 'unknown', cause: answer.sub_code, trace };
    const refused = refusedBy(answer);
    const own = Object.hasOwn(REFUSALS, answer.sub_code) ? REFUSALS[answer.sub_code] : undefined;
    return { ...refused, code: own ?? refused.code };
  }
  const fact = payoutFact(value);
  if (!fact) return { kind: 'unknown', cause: 'fields of the transfer are missing', trace };
  if (fact.payout_reference !== payout_reference) {
    return { kind: 'unknown', cause: 'the answer is about another transfer', trace };
  }
  return { kind: 'fact', fact: amount === undefined ? fact : { ...fact, amount }, trace };
}

/** From an answer or a message; undefined when a field that all of them have is missing. */
export function payoutFact(value: Value): PayoutFact | undefined {
  const text = (name: string) => {
    const field = value[name];
    return typeof field === 'string' && field !== '' ? field : undefined;
  };
  const payout_reference = text('out_biz_no');
  const status = text('status');
  if (payout_reference === undefined || status === undefined) return undefined;
  if (!isStatus(status)) return undefined;
  const wallet_payout_id = text('order_id');
  const amount = fenOf(text('trans_amount') ?? '');
  const paid_at =
    status === 'SUCCESS' ? parseStamp(text('pay_date') ?? text('trans_date') ?? '') : undefined;
  const reason = text('fail_reason') ?? text('error_code');
  return {
    payout_reference,
    state: STATES[status],
    ...(wallet_payout_id === undefined ? {} : { wallet_payout_id }),
    ...(amount === undefined ? {} : { amount }),
    ...(paid_at === undefined ? {} : { paid_at }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function isStatus(text: string): text is TransferStatus {
  return Object.hasOwn(STATES, text);
}
