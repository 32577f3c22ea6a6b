import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import { planQuestion } from '../jobs/due-work.ts';
import { NOTHING, recordCall, step } from '../payments/changes.ts';
import { findPayment } from '../payments/find.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { findReceivers } from '../receivers/find.ts';
import { introduce } from '../receivers/introduce.ts';
import { findRefunds } from '../refunds/find.ts';
import { isUndecided, isUnfunded } from '../refunds/refund.ts';
import type {
  SplitOutcome,
  SplitReturn,
  SplitReturnOutcome,
  Splits,
} from '../wallets/products/splits.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { Refused, Unknown, WalletAccount } from '../wallets/wallet.ts';
import { advanceReturn, advanceSplit, refuseSplit } from './advance.ts';
import { changeSplit } from './changes.ts';
import { selectSplitOrder, selectSplitOrders } from './queries.ts';
import { isOver, type SplitOrder } from './split-order.ts';

/**
 * Asking the wallet for what a request wants, one request of a payment at a time and always under
 * the same number; what it answers takes one way, what it does not say is asked again.
 */
export interface Subject {
  readonly order: SplitOrder;
  readonly payment: Payment;
  readonly attempt: Attempt;
  readonly account: WalletAccount;
  readonly splits: Splits;
}

/** Refusals that are about the moment, not about the request: the same number is sent again. */
const PASSING = new Set(['rate_limited', 'bad_credentials', 'wallet_error']);
const GAPS_MS = [1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000];

export async function pursueSplit(
  app: App,
  { book, id }: { readonly book: Book; readonly id: string },
): Promise<void> {
  const subject = await read(app, book, id);
  if (isOver(subject.order)) return;
  if (!(await mustWait(app, subject.order))) {
    if (subject.order.kind === 'return') await askReturn(app, subject);
    else await askSplit(app, subject);
  }
  await planQuestion(app, 'split_orders', subject.order, GAPS_MS);
}

/**
 * Asks the wallet what became of a request, in whatever state it is; while it is open its answer
 * counts. Undefined where the wallet has no question for it.
 */
export async function askAboutSplit(
  app: App,
  { book, id }: { readonly book: Book; readonly id: string },
): Promise<SplitOutcome | SplitReturnOutcome | undefined> {
  const subject = await read(app, book, id);
  const { order, splits, account } = subject;
  if (order.kind !== 'return') {
    const answer = await querySplit(app, subject);
    if (answer.kind === 'fact') await advanceSplit(app, order, answer.fact);
    return answer;
  }
  if (!splits.queryReturn) return undefined;
  const answer = await splits.queryReturn(account, await wantedReturn(app, subject));
  await record(app, subject, answer);
  if (answer.kind === 'fact') await advanceReturn(app, order, answer.fact);
  return answer;
}

async function read(app: App, book: Book, id: string): Promise<Subject> {
  const order = await selectSplitOrder(app.db, book, id);
  assert(order, `split ${id} is gone`);
  const payment = await findPayment(app, order.payment_id);
  assert(payment, `payment ${order.payment_id} is gone`);
  const attempts = await findAttempts(app, payment);
  const attempt = attempts.find((entry) => entry.id === payment.succeeded_attempt_id);
  assert(attempt, `payment ${payment.id} has no paid attempt`);
  const account = await requireAccount(app.wallets, attempt.wallet_account_id);
  const { splits } = app.wallets.connector(account.wallet);
  assert(splits, `${account.wallet} cannot split`);
  return { order, payment, attempt, account, splits };
}

/** Something earlier about the same money has no definite answer yet. */
async function mustWait(app: App, order: SplitOrder): Promise<boolean> {
  const orders = await selectSplitOrders(app.db, order.book, order.payment_id);
  if (orders.some((other) => other.id < order.id && !isOver(other))) return true;
  // What a refund wants back leaves before the refund itself.
  const refunds = await findRefunds(app, { book: order.book, id: order.payment_id });
  return refunds.some(
    (refund) =>
      refund.id !== order.refund_id &&
      isUndecided(refund) &&
      // One that waits for this very request gets its money after it.
      !isUnfunded(refund) &&
      refund.origin === 'requested' &&
      numberOf(refund.id) < numberOf(order.id),
  );
}

/** Ids of different kinds in the order in which they were made. */
function numberOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

async function askSplit(app: App, subject: Subject): Promise<void> {
  const { order } = subject;
  const asked = order.state === 'created' ? undefined : await querySplit(app, subject);
  // The wallet never heard of it: the same request again is what one would have sent.
  const outcome = !asked || asked.kind === 'not_found' ? await send(app, subject) : asked;
  switch (outcome.kind) {
    case 'fact':
      await advanceSplit(app, order, outcome.fact);
      return;
    case 'refused':
      await refused(app, subject, outcome, asked === outcome);
      return;
    case 'not_found':
    case 'unknown':
      await undecided(app, subject, outcome.kind === 'unknown' ? outcome.cause : 'not_found');
      return;
    default:
      outcome satisfies never;
  }
}

function namesOf({ attempt, order }: Subject) {
  const { wallet_reference, wallet_transaction_id, sub_merchant } = attempt;
  assert(wallet_transaction_id, `attempt ${attempt.id} was paid without a number`);
  const { split_reference } = order;
  const seller = sub_merchant === null ? {} : { sub_merchant };
  return { wallet_reference, wallet_transaction_id, split_reference, ...seller };
}

async function querySplit(app: App, subject: Subject): Promise<SplitOutcome> {
  const { splits, account } = subject;
  const outcome = await splits.querySplit(account, namesOf(subject));
  await record(app, subject, outcome);
  return outcome;
}

async function send(app: App, subject: Subject): Promise<SplitOutcome> {
  const { order, splits, account, payment, attempt } = subject;
  const receivers = await findReceivers(
    app,
    order.parts.flatMap(({ receiver }) => receiver ?? []),
  );
  for (const receiver of receivers.values()) {
    const met = await introduce(app, { account, sub_merchant: attempt.sub_merchant }, receiver);
    if (met) await record(app, subject, met);
    if (met && met.kind !== 'done') return met;
  }
  const outcome =
    order.kind === 'release'
      ? await splits.release(account, {
          ...namesOf(subject),
          amount: order.amount,
          description: payment.description,
        })
      : await splits.split(account, {
          ...namesOf(subject),
          parts: order.parts.map((part) => {
            const { receiver, kind, account: at, amount, description } = part;
            const named = receivers.get(receiver ?? '')?.accounts[account.wallet]?.name;
            const name = named === undefined ? {} : { name: named };
            return { kind, account: at, amount, description, ...name };
          }),
          release_rest: order.release_rest,
        });
  await record(app, subject, outcome);
  return outcome;
}

async function askReturn(app: App, subject: Subject): Promise<void> {
  const { order, splits } = subject;
  const outcome = await returnCall(app, subject, splits);
  // A wallet without returns takes the share back with the refund itself.
  if (!outcome) return;
  await record(app, subject, outcome);
  switch (outcome.kind) {
    case 'fact':
      await advanceReturn(app, order, outcome.fact);
      return;
    case 'refused':
      await refused(app, subject, outcome, false);
      return;
    case 'not_found':
    case 'unknown':
      await undecided(app, subject, outcome.kind === 'unknown' ? outcome.cause : 'not_found');
      return;
    default:
      outcome satisfies never;
  }
}

/** The same return sent again answers as it stands; one that is pending is asked about. */
async function returnCall(
  app: App,
  subject: Subject,
  splits: Splits,
): Promise<SplitReturnOutcome | undefined> {
  const { order, account } = subject;
  if (!splits.returnSplit) return undefined;
  const wanted = await wantedReturn(app, subject);
  const asks = order.state === 'pending' && splits.queryReturn;
  return asks ? asks(account, wanted) : splits.returnSplit(account, wanted);
}

async function wantedReturn(app: App, subject: Subject): Promise<SplitReturn> {
  const { order } = subject;
  const [part] = order.parts;
  const given = await selectSplitOrder(app.db, order.book, order.returns_id ?? '');
  assert(part && given, `return ${order.id} names no split`);
  return {
    ...namesOf(subject),
    return_reference: order.split_reference,
    split_reference: given.split_reference,
    receiver: { kind: part.kind, account: part.account },
    amount: order.amount,
    description: part.description,
  };
}

async function refused(
  app: App,
  subject: Subject,
  { code, message }: Refused,
  of_question: boolean,
): Promise<void> {
  // A refused question says nothing of what was asked for before.
  if (of_question || PASSING.has(code)) {
    await undecided(app, subject, code);
    return;
  }
  await refuseSplit(app, subject.order, { code, message });
}

async function undecided(app: App, { order, payment }: Subject, cause: string): Promise<void> {
  await app.ledger.submit({
    book: order.book,
    ...NOTHING,
    rows: order.state === 'created' ? [changeSplit(order, { state: 'unknown' })] : [],
    events: [step(payment, 'split.unknown', { split: order.id, cause })],
  });
}

type Called = SplitOutcome | SplitReturnOutcome | { readonly kind: 'done' } | Refused | Unknown;

async function record(
  app: App,
  { attempt }: Subject,
  outcome: Called & Pick<Refused, 'trace'>,
): Promise<void> {
  const word = outcome.kind === 'fact' ? outcome.fact.state : outcome.kind;
  const row = recordCall(attempt, word, outcome.trace);
  await app.ledger.submit({ book: attempt.book, ...NOTHING, rows: [row] });
}
