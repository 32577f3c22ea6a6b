import { shanghaiTime } from '../../../clock.ts';
import { fenNumber } from '../../../protocols/wechat-pay/messages.ts';
import type { TransferFailure, TransferNotice } from '../../../protocols/wechat-pay/transfers.ts';
import type { SandboxContext } from '../context.ts';
import { OPERATION } from '../money.ts';
import { OPEN_STATES, type TransferRecord } from './book.ts';
import { agreedAlong } from './consents.ts';

/**
 * How a transfer moves on. The merchant's money leaves when the transfer is accepted and comes back
 * when it fails or is cancelled; the payee's arrives on success. Each last state is told once.
 */
const SWEEP_MS = 500;

type Movement = 'out' | 'in';

/** Throws InsufficientFunds when the operation account cannot bear it. */
export function moveFunds(context: SandboxContext, record: TransferRecord, way: Movement): void {
  context.funds.post(
    {
      holder: record.mchid,
      purse: OPERATION,
      at: context.clock.now().getTime(),
      direction: way,
      amount: record.amount,
      type: way === 'out' ? '转账' : '转账退款',
      business_no: record.transfer_bill_no,
      reference: record.out_bill_no,
      note: record.remark,
    },
    way === 'in' ? { forced: true } : {},
  );
}

/** A name that is not the payee's fails; else the payee is asked, or paid at once. */
export function process(context: SandboxContext, record: TransferRecord): void {
  if (record.state !== 'ACCEPTED') return;
  const payee = context.people.find(({ id }) => id === record.person);
  if (record.user_name !== null && record.user_name !== payee?.name.zh) {
    fail(context, record, 'NAME_NOT_CORRECT');
  } else if (record.consented) pay(context, record);
  else change(context, record, 'WAIT_USER_CONFIRM');
}

/** The payee has confirmed, or had agreed before. */
export function pay(context: SandboxContext, record: TransferRecord): void {
  change(context, record, 'TRANSFERING');
  context.later(() => arrive(context, record), 0);
}

function arrive(context: SandboxContext, record: TransferRecord): void {
  if (record.state !== 'TRANSFERING') return;
  const occasion = { operation: 'transfer.create', amount: record.amount };
  if (context.faults.strikes('payout_fails', occasion)) {
    fail(context, record, 'PAYEE_ACCOUNT_ABNORMAL');
    return;
  }
  const { books } = context;
  books.setBalance(record.person, books.balance(record.person) + record.amount);
  change(context, record, 'SUCCESS');
  tell(context, record);
  agreedAlong(context, record);
}

export function fail(
  context: SandboxContext,
  record: TransferRecord,
  reason: TransferFailure,
): void {
  moveFunds(context, record, 'in');
  record.fail_reason = reason;
  change(context, record, 'FAIL');
  tell(context, record);
}

/** Only while the payee has not confirmed; the money is back a moment later. */
export function startCancel(context: SandboxContext, record: TransferRecord): void {
  change(context, record, 'CANCELING');
  context.later(() => finishCancel(context, record), 0);
}

function finishCancel(context: SandboxContext, record: TransferRecord): void {
  if (record.state !== 'CANCELING') return;
  moveFunds(context, record, 'in');
  change(context, record, 'CANCELLED');
  tell(context, record);
}

/** Lets time act: a transfer nobody confirmed in 24 hours of business time fails. */
export function expireTransfer(context: SandboxContext, record: TransferRecord): void {
  const open = OPEN_STATES.some((state) => state === record.state);
  if (open && context.clock.now().getTime() >= record.expires_at) {
    fail(context, record, 'OVERDUE_CLOSE');
  }
}

/** Takes up what a stopped sandbox left half done, and watches the clock from then on. */
export function watchTransfers(context: SandboxContext, alsoExpire: () => void): void {
  for (const record of context.transfers.moving) {
    if (record.state === 'ACCEPTED') process(context, record);
    else if (record.state === 'TRANSFERING') arrive(context, record);
    else if (record.state === 'CANCELING') finishCancel(context, record);
  }
  const sweep = () => {
    for (const record of context.transfers.moving) expireTransfer(context, record);
    alsoExpire();
    context.later(sweep, SWEEP_MS);
  };
  sweep();
}

function change(
  context: SandboxContext,
  record: TransferRecord,
  state: TransferRecord['state'],
): void {
  record.state = state;
  record.updated_at = context.clock.now().getTime();
  context.transfers.put(record);
}

function tell(context: SandboxContext, record: TransferRecord): void {
  if (record.notify_url === null) return;
  const content: TransferNotice = {
    mchid: record.mchid,
    out_bill_no: record.out_bill_no,
    transfer_bill_no: record.transfer_bill_no,
    state: record.state,
    transfer_amount: fenNumber(record.amount),
    openid: record.openid,
    ...(record.fail_reason === null ? {} : { fail_reason: record.fail_reason }),
    create_time: shanghaiTime(new Date(record.created_at)),
    update_time: shanghaiTime(new Date(record.updated_at)),
  };
  const { mchid, notify_url: url } = record;
  context.notices.send({ mchid, url, event_type: 'MCHTRANSFER.BILL.FINISHED', content });
}
