import { shanghaiTime } from '../../../clock.ts';
import {
  fenField,
  fenNumber,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { randomDigits } from '../../random.ts';
import type { Collection } from '../../store.ts';
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
import { WITHDRAW } from './fields.ts';

/**
 * A platform sends a seller's money to the seller's bank account. The money leaves when the request
 * is accepted; a bank that refuses it sends it back.
 * CREATE_SUCCESS → SUCCESS | FAIL; SUCCESS → REFUND (the bank returned it).
 * https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/fund/chapter3_2.shtml
 */
export type WithdrawStatus = 'CREATE_SUCCESS' | 'SUCCESS' | 'FAIL' | 'REFUND';

export interface Withdrawal {
  readonly withdraw_id: string;
  readonly mchid: string;
  readonly sub_mchid: string;
  readonly out_request_no: string;
  readonly amount: bigint;
  readonly remark: string | null;
  readonly bank_memo: string | null;
  readonly account_type: string;
  readonly notify_url: string | null;
  readonly fingerprint: string;
  readonly created_at: number;
  readonly due_at: number;
  status: WithdrawStatus;
  updated_at: number;
  reason: string | null;
}

const ARRIVES_MS = 5_000;

export function withdrawals(context: SandboxContext): Collection<Withdrawal> {
  return context.store.collection<Withdrawal>('withdrawals');
}

const keyOf = ({ mchid, out_request_no }: Pick<Withdrawal, 'mchid' | 'out_request_no'>) =>
  `${mchid}:${out_request_no}`;

/** POST /v3/ecommerce/fund/withdraw */
export function createWithdrawal(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFamily(merchant, 'platform');
  checkFields(WITHDRAW, body);
  const sub_mchid = platformSeller(context, merchant, body);
  const { mchid } = merchant;
  const out_request_no = textField(body, 'out_request_no') ?? '';
  const fingerprint = digest(body);
  const known = withdrawals(context).get(keyOf({ mchid, out_request_no }));
  if (known) {
    if (known.fingerprint !== fingerprint) {
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
  if (context.funds.available(sub_mchid, made.account_type) < made.amount) {
    throw notEnough('二级商户账户可用余额不足');
  }
  post(context, made, 'out');
  withdrawals(context).put(keyOf(made), made);
  scheduleWithdrawal(context, made);
  return created(made);
}

function created({ sub_mchid, withdraw_id, out_request_no, account_type }: Withdrawal): object {
  return { sub_mchid, withdraw_id, out_request_no, account_type };
}

function post(context: SandboxContext, withdrawal: Withdrawal, direction: 'in' | 'out'): void {
  context.funds.post({
    holder: withdrawal.sub_mchid,
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
  withdrawals(context).put(keyOf(withdrawal), withdrawal);
  const url = withdrawal.notify_url ?? context.sharing.address('withdrawals', withdrawal.mchid);
  if (url === undefined) return;
  const content = withdrawalMessage(withdrawal);
  const { mchid } = withdrawal;
  context.notices.send({ mchid, url, event_type: 'MCHWITHDRAW.CHANGE', content });
}

function withdrawalMessage(withdrawal: Withdrawal): object {
  const { remark, bank_memo, reason } = withdrawal;
  return {
    sub_mchid: withdrawal.sub_mchid,
    sp_mchid: withdrawal.mchid,
    status: withdrawal.status,
    withdraw_id: withdrawal.withdraw_id,
    out_request_no: withdrawal.out_request_no,
    amount: fenNumber(withdrawal.amount),
    create_time: shanghaiTime(new Date(withdrawal.created_at)),
    update_time: shanghaiTime(new Date(withdrawal.updated_at)),
    ...(reason === null ? {} : { reason }),
    ...(remark === null ? {} : { remark }),
    ...(bank_memo === null ? {} : { bank_memo }),
    account_type: withdrawal.account_type,
  };
}

/** GET /v3/ecommerce/fund/withdraw/{withdraw_id} and …/out-request-no/{out_request_no} */
export function queryWithdrawal(
  context: SandboxContext,
  merchant: Merchant,
  asked: { by: { withdraw_id: string } | { out_request_no: string }; query: URLSearchParams },
): object {
  checkFamily(merchant, 'platform');
  const sub_mchid = queriedSeller(context, merchant, asked.query);
  const { by } = asked;
  const { mchid } = merchant;
  const known =
    'withdraw_id' in by
      ? [...withdrawals(context).values()].find((each) => each.withdraw_id === by.withdraw_id)
      : withdrawals(context).get(keyOf({ mchid, ...by }));
  if (known?.mchid !== mchid || known.sub_mchid !== sub_mchid) throw notFound('提现单不存在');
  if (context.clock.now().getTime() >= known.due_at) arrive(context, known);
  return withdrawalMessage(known);
}
