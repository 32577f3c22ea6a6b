import type { App } from '../app.ts';
import type { Book } from '../ids.ts';
import { planQuestion } from '../jobs/due-work.ts';
import { NOTHING, step } from '../payments/changes.ts';
import { findReceivers } from '../receivers/find.ts';
import { introduce } from '../receivers/introduce.ts';
import { findRefunds } from '../refunds/find.ts';
import { isUndecided, isUnfunded } from '../refunds/refund.ts';
import { mayStillArrive } from '../wallets/late.ts';
import { PASSING } from '../wallets/outcome.ts';
import type { SplitOutcome, SplitReturnOutcome, Splits } from '../wallets/products/splits.ts';
import type { Refused } from '../wallets/wallet.ts';
import { advanceReturn, advanceSplit, refuseSplit } from './advance.ts';
import { namesOf, querySplit, readSubject, record, type Subject, wantedReturn } from './ask.ts';
import { changeSplit } from './changes.ts';
import { selectSplitOrders } from './queries.ts';
import { isOver, type SplitOrder } from './split-order.ts';

/**
 * Asking the wallet for what a request wants, one request of a payment at a time and always under
 * the same number; what it answers takes one way, what it does not say is asked again.
 */

/**
 * A no that another copy of the same request need not get: one on its way may be served yet. It is
 * believed when no copy can be under way any more and the wallet knows of none.
 */
const MOMENTARY = 'insufficient_funds';
const GAPS_MS = [1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000];

export async function pursueSplit(
  app: App,
  { book, id }: { readonly book: Book; readonly id: string },
): Promise<void> {
  const subject = await readSubject(app, book, id);
  if (isOver(subject.order)) return;
  if (!(await mustWait(app, subject.order))) {
    if (subject.order.kind === 'return') await askReturn(app, subject);
    else await askSplit(app, subject);
  }
  await planQuestion(app, 'split_orders', subject.order, GAPS_MS);
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
  const { refusal } = order;
  if (refusal?.at !== undefined && mayStillArrive(app, new Date(refusal.at))) return;
  const asked = order.state === 'created' ? undefined : await querySplit(app, subject);
  if (refusal && asked?.kind === 'not_found') {
    const { code, message } = refusal;
    return refuseSplit(app, order, { code, message });
  }
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
  if (code === MOMENTARY && subject.order.kind !== 'return') {
    const at = app.clock.real().toISOString();
    await undecided(app, subject, code, { state: 'unknown', refusal: { code, message, at } });
    return;
  }
  await refuseSplit(app, subject.order, { code, message });
}

async function undecided(
  app: App,
  { order, payment }: Subject,
  cause: string,
  also?: Pick<SplitOrder, 'state' | 'refusal'>,
): Promise<void> {
  const change = also ?? (order.state === 'created' ? { state: 'unknown' as const } : undefined);
  await app.ledger.submit({
    book: order.book,
    ...NOTHING,
    rows: change ? [changeSplit(order, change)] : [],
    events: [step(payment, 'split.unknown', { split: order.id, cause })],
  });
}
