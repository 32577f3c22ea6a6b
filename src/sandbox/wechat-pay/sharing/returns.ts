import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { fenField, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { ReturnFailReason } from '../../../protocols/wechat-pay/sharing.ts';
import { randomDigits } from '../../random.ts';
import { invalidRequest, otherParameters, parameterError } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { BASIC } from '../money.ts';
import { digest } from '../orders/fingerprint.ts';
import type { ReturnRecord, SplitPart, SplitRecord } from './book.ts';
import { MAX_RETURNS, notFound, overLimit, RETURN_WINDOW_MS, SETTLE_MS } from './rules.ts';
import { settleWhenDue, splitNotice } from './settle.ts';

/**
 * A merchant that received a part gives money of it back to the seller. While the payment is still
 * open to splits the money is held again; later it is the seller's own.
 */
export function acceptReturn(
  context: SandboxContext,
  merchant: Merchant,
  request: { sub_mchid: string | null; body: WireObject },
): ReturnRecord {
  const { sub_mchid, body } = request;
  const { sharing } = context;
  const out_return_no = textField(body, 'out_return_no') ?? '';
  const fingerprint = digest(body);
  const known = sharing.return(merchant.mchid, out_return_no);
  if (known) {
    if (known.fingerprint !== fingerprint) {
      throw otherParameters('商户回退单号重复：请求参数与首次请求的参数不一致');
    }
    settleReturnWhenDue(context, known);
    return known;
  }
  const split = splitOf(context, merchant, { sub_mchid, body });
  const amount = fenField(body, 'amount') ?? 0n;
  const part = returnablePart(split, { account: textField(body, 'return_mchid') ?? '', amount });
  const now = context.clock.now().getTime();
  const record: ReturnRecord = {
    return_id: `3108450${randomDigits(context.random, 21)}`,
    mchid: merchant.mchid,
    sub_mchid,
    out_return_no,
    order_id: split.order_id,
    out_order_no: split.out_order_no,
    transaction_id: split.transaction_id,
    return_mchid: part.account,
    detail_id: part.detail_id,
    amount,
    description: textField(body, 'description') ?? '',
    fingerprint,
    created_at: now,
    due_at: now + SETTLE_MS,
    result: 'PROCESSING',
    fail_reason: null,
    finished_at: null,
  };
  part.returned += amount;
  part.returns += 1;
  sharing.putSplit(split);
  sharing.putReturn(record);
  scheduleReturn(context, record);
  return record;
}

/** The split a return is about, by the wallet's number or the caller's own. */
function splitOf(
  context: SandboxContext,
  merchant: Merchant,
  request: { sub_mchid: string | null; body: WireObject },
): SplitRecord {
  const { sub_mchid, body } = request;
  const order_id = textField(body, 'order_id');
  const out_order_no = textField(body, 'out_order_no');
  if (order_id === undefined && out_order_no === undefined) {
    throw parameterError({
      field: '/order_id',
      issue: 'missing',
      location: 'body',
      message: '微信分账单号和商户分账单号必须二选一',
    });
  }
  const split =
    order_id === undefined
      ? context.sharing.split(merchant.mchid, out_order_no ?? '')
      : context.sharing.splitOfId(order_id);
  const own = split?.mchid === merchant.mchid && split.sub_mchid === sub_mchid;
  const agrees = out_order_no === undefined || split?.out_order_no === out_order_no;
  if (!split || !own || !agrees) throw notFound('分账单不存在');
  settleWhenDue(context, split);
  return split;
}

function returnablePart(
  split: SplitRecord,
  wanted: { account: string; amount: bigint },
): SplitPart {
  const given = split.parts.filter(
    ({ account, type, rest }) => account === wanted.account && type === 'MERCHANT_ID' && !rest,
  );
  const part = given.find(({ result }) => result === 'SUCCESS');
  if (!part) {
    throw invalidRequest(
      '只能对原分账请求中成功分给商户接收方的金额进行回退',
      INTERNAL_CODE.bad_parameter,
    );
  }
  if (part.returned + wanted.amount > part.amount) {
    throw invalidRequest('回退金额超过该接收方可回退的金额', INTERNAL_CODE.out_of_range);
  }
  if (part.returns >= MAX_RETURNS) {
    throw overLimit(`对同一个分账接收方最多发起${MAX_RETURNS}次分账回退`);
  }
  return part;
}

export function scheduleReturn(context: SandboxContext, record: ReturnRecord): void {
  const wait = Math.max(0, record.due_at - context.clock.now().getTime());
  context.later(() => settleReturn(context, record), wait);
}

export function settleReturnWhenDue(context: SandboxContext, record: ReturnRecord): void {
  if (context.clock.now().getTime() >= record.due_at) settleReturn(context, record);
}

function settleReturn(context: SandboxContext, record: ReturnRecord): void {
  if (record.result !== 'PROCESSING') return;
  const split = context.sharing.splitOfId(record.order_id);
  const part = split?.parts.find(({ detail_id }) => detail_id === record.detail_id);
  if (!split || !part) throw new Error(`the split of return ${record.return_id} is gone`);
  const reason = failure(context, split, record);
  record.finished_at = context.clock.now().getTime();
  record.fail_reason = reason;
  record.result = reason === null ? 'SUCCESS' : 'FAILED';
  if (reason === null) giveBack(context, split, record);
  else part.returned -= record.amount;
  context.sharing.putSplit(split);
  context.sharing.putReturn(record);
}

function failure(
  context: SandboxContext,
  split: SplitRecord,
  record: ReturnRecord,
): ReturnFailReason | null {
  const { faults, funds } = context;
  const { amount } = record;
  const since = split.finished_at ?? split.created_at;
  if (record.created_at > since + RETURN_WINDOW_MS) return 'TIME_OUT_CLOSED';
  const short = faults.strikes('merchant_short', { operation: 'sharing.return', amount });
  if (short || funds.available(record.return_mchid, BASIC) < amount) return 'BALANCE_NOT_ENOUGH';
  return null;
}

function giveBack(context: SandboxContext, split: SplitRecord, record: ReturnRecord): void {
  const { books, funds, sharing, notices } = context;
  const { amount, transaction_id } = record;
  const seller = split.sub_mchid ?? split.mchid;
  const entry = {
    purse: BASIC,
    at: record.finished_at ?? record.created_at,
    amount,
    type: '分账回退',
    business_no: record.return_id,
    reference: record.out_return_no,
    note: record.description,
  };
  funds.post({ ...entry, holder: record.return_mchid, direction: 'out' });
  funds.post({ ...entry, holder: seller, direction: 'in' });
  const payment = sharing.payment(transaction_id);
  payment.split -= amount;
  sharing.putPayment(payment);
  const order = books.orderOfTransaction(transaction_id);
  const open = payment.released_at === null && order?.refunded !== order?.total;
  if (open) funds.addToHold({ key: transaction_id, holder: seller, purse: BASIC, amount });
  const url = sharing.address('profit_sharing', record.return_mchid);
  if (url === undefined) return;
  notices.send({
    mchid: record.return_mchid,
    url,
    event_type: 'PROFITSHARING.RETURN',
    content: splitNotice(split, {
      order_id: record.return_id,
      out_order_no: record.out_return_no,
      account: record.return_mchid,
      amount,
      description: record.description,
      at: entry.at,
    }),
  });
}

/** The return behind a number of the caller's; throws when there is none of this split. */
export function queriedReturn(
  context: SandboxContext,
  merchant: Merchant,
  named: { out_return_no: string; out_order_no: string | null; order_id: string | null },
): ReturnRecord {
  const record = context.sharing.return(merchant.mchid, named.out_return_no);
  const agrees =
    (named.out_order_no === null || record?.out_order_no === named.out_order_no) &&
    (named.order_id === null || record?.order_id === named.order_id);
  if (!record || !agrees) throw notFound('分账回退单不存在');
  settleReturnWhenDue(context, record);
  return record;
}
