import { shanghaiTime } from '../../../clock.ts';
import {
  fenField,
  fenNumber,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { randomDigits } from '../../random.ts';
import { checkFields } from '../api/fields.ts';
import { otherParameters } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { digest } from '../orders/fingerprint.ts';
import { releaseOverdue } from '../sharing/overdue.ts';
import {
  checkFamily,
  notEnough,
  notFound,
  platformSeller,
  queriedSeller,
} from '../sharing/rules.ts';
import { OWN_WITHDRAW, WITHDRAW } from './fields.ts';
import type { Withdrawal, WithdrawStatus } from './withdrawal-book.ts';

/**
 * A platform sends a seller's money, or its own, to the bank account that belongs to it. The money
 * leaves when the request is accepted; a bank that refuses it sends it back.
 * https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/fund/chapter3_2.shtml
 */
const ARRIVES_MS = 5_000;

/** POST /v3/ecommerce/fund/withdraw */
export function createWithdrawal(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFamily(merchant, 'platform');
  checkFields(WITHDRAW, body);
  const sub_mchid = platformSeller(context, merchant, body);
  return withdraw(context, merchant, { sub_mchid, body });
}

/** POST /v3/merchant/fund/withdraw */
export function createOwnWithdrawal(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFamily(merchant, 'platform');
  checkFields(OWN_WITHDRAW, body);
  return withdraw(context, merchant, { sub_mchid: null, body });
}

function withdraw(
  context: SandboxContext,
  merchant: Merchant,
  { sub_mchid, body }: { sub_mchid: string | null; body: WireObject },
): object {
  const { mchid } = merchant;
  const out_request_no = textField(body, 'out_request_no') ?? '';
  const fingerprint = digest(body);
  const known = context.withdrawals.ofNumber(mchid, out_request_no);
  if (known) {
    if (known.fingerprint !== fingerprint || known.sub_mchid !== sub_mchid) {
      throw otherParameters('商户提现单号重复：请求参数与首次请求的参数不一致');
    }
    return created(known);
  }
  const now = context.clock.now().getTime();
  const made: Withdrawal = {
    withdraw_id: `50104${randomDigits(context.random, 23)}`,
    mchid,
    sub_mchid,
    out_request_no,
    amount: fenField(body, 'amount') ?? 0n,
    remark: textField(body, 'remark') ?? null,
    bank_memo: textField(body, 'bank_memo') ?? null,
    account_type: textField(body, 'account_type') ?? 'BASIC',
    notify_url: textField(body, 'notify_url') ?? null,
    fingerprint,
    created_at: now,
    due_at: now + ARRIVES_MS,
    status: 'CREATE_SUCCESS',
    updated_at: now,
    reason: null,
  };
  releaseOverdue(context);
  if (context.funds.available(holderOf(made), made.account_type) < made.amount) {
    throw notEnough('账户可用余额不足');
  }
  post(context, made, 'out');
  context.withdrawals.put(made);
  scheduleWithdrawal(context, made);
  return created(made);
}

function created({ sub_mchid, withdraw_id, out_request_no, account_type }: Withdrawal): object {
  if (sub_mchid === null) return { withdraw_id, out_request_no };
  return { sub_mchid, withdraw_id, out_request_no, account_type };
}

/** Whose money it is. */
function holderOf({ mchid, sub_mchid }: Pick<Withdrawal, 'mchid' | 'sub_mchid'>): string {
  return sub_mchid ?? mchid;
}

function post(context: SandboxContext, withdrawal: Withdrawal, direction: 'in' | 'out'): void {
  context.funds.post({
    holder: holderOf(withdrawal),
    purse: withdrawal.account_type,
    at: context.clock.now().getTime(),
    direction,
    amount: withdrawal.amount,
    type: direction === 'out' ? '提现' : '提现退票',
    business_no: withdrawal.withdraw_id,
    reference: withdrawal.out_request_no,
    note: withdrawal.remark ?? '',
  });
}

export function scheduleWithdrawal(context: SandboxContext, withdrawal: Withdrawal): void {
  const wait = Math.max(0, withdrawal.due_at - context.clock.now().getTime());
  context.later(() => arrive(context, withdrawal), wait);
}

function arrive(context: SandboxContext, withdrawal: Withdrawal): void {
  if (withdrawal.status === 'CREATE_SUCCESS') decideWithdrawal(context, withdrawal, 'SUCCESS');
}

/** Failed and returned money is back on the account. */
export function decideWithdrawal(
  context: SandboxContext,
  withdrawal: Withdrawal,
  status: Exclude<WithdrawStatus, 'CREATE_SUCCESS'>,
): void {
  withdrawal.status = status;
  withdrawal.updated_at = context.clock.now().getTime();
  if (status !== 'SUCCESS') {
    withdrawal.reason = status === 'FAIL' ? '银行处理失败' : '银行退票';
    post(context, withdrawal, 'in');
  }
  context.withdrawals.put(withdrawal);
  const url = withdrawal.notify_url ?? context.sharing.address('withdrawals', withdrawal.mchid);
  if (url === undefined) return;
  const content = withdrawalMessage(withdrawal);
  const { mchid } = withdrawal;
  context.notices.send({ mchid, url, event_type: 'MCHWITHDRAW.CHANGE', content });
}

function withdrawalMessage(withdrawal: Withdrawal): object {
  const { mchid, sub_mchid, remark, bank_memo, reason } = withdrawal;
  const shared = {
    status: withdrawal.status,
    withdraw_id: withdrawal.withdraw_id,
    out_request_no: withdrawal.out_request_no,
    amount: fenNumber(withdrawal.amount),
    create_time: shanghaiTime(new Date(withdrawal.created_at)),
    update_time: shanghaiTime(new Date(withdrawal.updated_at)),
    account_type: withdrawal.account_type,
  };
  // A platform's own has every text field, empty where there is nothing to say.
  if (sub_mchid === null) {
    const solution = reason === null ? '' : SOLUTION;
    const texts = { reason: reason ?? '', remark: remark ?? '', bank_memo: bank_memo ?? '' };
    return { ...shared, ...texts, solution };
  }
  return {
    sub_mchid,
    sp_mchid: mchid,
    ...shared,
    ...(reason === null ? {} : { reason }),
    ...(remark === null ? {} : { remark }),
    ...(bank_memo === null ? {} : { bank_memo }),
  };
}

const SOLUTION = '请核对结算银行账户后重新发起提现';

type By = { withdraw_id: string } | { out_request_no: string };

/** GET /v3/ecommerce/fund/withdraw/{withdraw_id} and …/out-request-no/{out_request_no} */
export function queryWithdrawal(
  context: SandboxContext,
  merchant: Merchant,
  asked: { by: By; query: URLSearchParams },
): object {
  checkFamily(merchant, 'platform');
  const sub_mchid = queriedSeller(context, merchant, asked.query);
  return present(context, merchant, { sub_mchid, by: asked.by });
}

/**
 * GET /v3/merchant/fund/withdraw/withdraw-id/{…} and …/out-request-no/{…}
 */
export function queryOwnWithdrawal(context: SandboxContext, merchant: Merchant, by: By): object {
  checkFamily(merchant, 'platform');
  return present(context, merchant, { sub_mchid: null, by });
}

function present(
  context: SandboxContext,
  { mchid }: Merchant,
  { sub_mchid, by }: { sub_mchid: string | null; by: By },
): object {
  const known =
    'withdraw_id' in by
      ? context.withdrawals.ofId(by.withdraw_id)
      : context.withdrawals.ofNumber(mchid, by.out_request_no);
  if (known?.mchid !== mchid || known.sub_mchid !== sub_mchid) throw notFound('提现单不存在');
  if (context.clock.now().getTime() >= known.due_at) arrive(context, known);
  return withdrawalMessage(known);
}
