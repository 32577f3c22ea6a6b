import { shanghaiTime } from '../../../clock.ts';
import { fenNumber } from '../../../protocols/wechat-pay/messages.ts';
import type { SplitFailReason, SplitNotice } from '../../../protocols/wechat-pay/sharing.ts';
import type { SandboxContext } from '../context.ts';
import { BASIC } from '../money.ts';
import type { SplitPart, SplitRecord } from './book.ts';
import { PERSON_MONTHLY } from './rules.ts';

/**
 * The second half of a split: each part goes to its receiver or is refused for itself; what is
 * refused or left over becomes the seller's own. Runs once, a moment after the split was accepted,
 * at a query, or after a restart.
 */
export function scheduleSplit(context: SandboxContext, split: SplitRecord): void {
  const wait = Math.max(0, split.due_at - context.clock.now().getTime());
  context.later(() => settleSplit(context, split), wait);
}

export function settleWhenDue(context: SandboxContext, split: SplitRecord): void {
  if (context.clock.now().getTime() >= split.due_at) settleSplit(context, split);
}

export function settleSplit(context: SandboxContext, split: SplitRecord): void {
  if (split.state !== 'PROCESSING') return;
  const now = context.clock.now().getTime();
  const struck = struckPart(context, split);
  for (const part of split.parts) {
    const own = part.rest || part.account === holderOf(split);
    const reason = own ? null : refusalOf(context, split, part, struck);
    part.finished_at = now;
    part.fail_reason = reason;
    part.result = reason === null ? 'SUCCESS' : 'CLOSED';
    if (own) context.funds.unhold(split.order_id, part.amount);
    else if (reason === null) pay(context, split, part);
    else takeBack(context, split, part);
  }
  split.state = 'FINISHED';
  split.finished_at = now;
  context.sharing.putSplit(split);
  for (const part of split.parts) tell(context, split, part);
}

function holderOf(split: Pick<SplitRecord, 'mchid' | 'sub_mchid'>): string {
  return split.sub_mchid ?? split.mchid;
}

/** At most one part of a split is struck: the others are served. */
function struckPart(context: SandboxContext, split: SplitRecord): SplitPart | undefined {
  const operation = 'sharing.split';
  return split.parts.find(
    ({ rest, amount }) =>
      !rest && context.faults.strikes('split_part_refused', { operation, amount }) !== undefined,
  );
}

function refusalOf(
  context: SandboxContext,
  split: SplitRecord,
  part: SplitPart,
  struck: SplitPart | undefined,
): SplitFailReason | null {
  if (part === struck) return 'RECEIVER_HIGH_RISK';
  const { type, account, amount, person } = part;
  const { sharing, clock } = context;
  const owner = receiverOwner(context, split);
  if (!sharing.receiver({ owner, type, account })) return 'NO_RELATION';
  if (person === null) return null;
  const given = sharing.givenInMonth(person, clock.now().getTime());
  return given + amount > PERSON_MONTHLY ? 'RECEIVER_RECEIPT_LIMIT' : null;
}

/** A platform keeps one list for all its sellers; elsewhere each seller has its own. */
export function receiverOwner(
  context: SandboxContext,
  payer: Pick<SplitRecord, 'mchid' | 'sub_mchid'>,
): string {
  const platform = context.merchants.get(payer.mchid)?.role === 'platform';
  return platform ? payer.mchid : holderOf(payer);
}

function pay(context: SandboxContext, split: SplitRecord, part: SplitPart): void {
  const { books, funds, sharing } = context;
  const entry = {
    purse: BASIC,
    at: part.finished_at ?? split.created_at,
    amount: part.amount,
    type: '分账',
    business_no: split.order_id,
    reference: split.out_order_no,
    note: part.description,
  };
  funds.post(
    { ...entry, holder: holderOf(split), direction: 'out' },
    { from_hold: split.order_id, forced: true },
  );
  const { person } = part;
  if (person === null) funds.post({ ...entry, holder: part.account, direction: 'in' });
  else books.setBalance(person, books.balance(person) + part.amount);
  sharing.countGiven(part);
}

/** A refused part is the seller's own money from now on. */
function takeBack(context: SandboxContext, split: SplitRecord, part: SplitPart): void {
  context.funds.unhold(split.order_id, part.amount);
  const payment = context.sharing.payment(split.transaction_id);
  payment.split -= part.amount;
  context.sharing.putPayment(payment);
}

/** Only the receiver is told, and only a merchant that said where. */
function tell(context: SandboxContext, split: SplitRecord, part: SplitPart): void {
  if (part.result !== 'SUCCESS' || part.rest || part.type !== 'MERCHANT_ID') return;
  const url = context.sharing.address('profit_sharing', part.account);
  if (url === undefined) return;
  context.notices.send({
    mchid: part.account,
    url,
    event_type: 'PROFITSHARING.SUCCESS',
    content: splitNotice(split, {
      order_id: split.order_id,
      out_order_no: split.out_order_no,
      account: part.account,
      amount: part.amount,
      description: part.description,
      at: part.finished_at ?? split.created_at,
    }),
  });
}

/** The same words for a split and for a return, each with its own numbers. */
export function splitNotice(
  payer: Pick<SplitRecord, 'mchid' | 'sub_mchid' | 'transaction_id'>,
  about: {
    order_id: string;
    out_order_no: string;
    account: string;
    amount: bigint;
    description: string;
    at: number;
  },
): SplitNotice {
  const { mchid, sub_mchid, transaction_id } = payer;
  return {
    ...(sub_mchid === null ? { mchid } : { sp_mchid: mchid, sub_mchid }),
    transaction_id,
    order_id: about.order_id,
    out_order_no: about.out_order_no,
    receiver: {
      type: 'MERCHANT_ID',
      account: about.account,
      amount: fenNumber(about.amount),
      description: about.description,
    },
    success_time: shanghaiTime(new Date(about.at)),
  };
}
