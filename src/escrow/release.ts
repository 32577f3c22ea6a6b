import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { assert, Refusal } from '../errors.ts';
import type { NewEvent } from '../events.ts';
import { throwIfKeyTaken } from '../ledger/key-taken.ts';
import type { IntentKey } from '../ledger/ledger.ts';
import { NOTHING, step } from '../payments/changes.ts';
import { feeEstimate } from '../payments/consequences.ts';
import { findPayment } from '../payments/find.ts';
import type { Payment } from '../payments/payment.ts';
import { insertSplit } from '../profit-sharing/changes.ts';
import { findSplitOrders } from '../profit-sharing/find.ts';
import { splitLimits, whyNotParts } from '../profit-sharing/limits.ts';
import { planRelease } from '../profit-sharing/plan.ts';
import { reservations } from '../profit-sharing/postings.ts';
import { pursueSplit } from '../profit-sharing/pursue.ts';
import type { ReleaseReason, SplitOrder } from '../profit-sharing/split-order.ts';
import { findRefunds } from '../refunds/find.ts';
import { isFinal, isUndecided, isUnfunded } from '../refunds/refund.ts';
import { requireAccount } from '../wallets/registry.ts';
import { changeHold, type HoldChange, holdEvent } from './changes.ts';
import { requireHold } from './find.ts';
import { type Hold, leftOf } from './hold.ts';

/**
 * Lets held money go, all of it or a part: to the receivers of shares and to the merchant, each in
 * proportion. The intent is committed with its reservations, then the wallet is asked, and what it
 * does not answer is asked again.
 */
export interface ReleaseRequest {
  readonly hold: Pick<Hold, 'book' | 'id'>;
  readonly why: ReleaseReason;
  /** All that is left when absent. */
  readonly amount?: bigint | undefined;
  readonly key?: Omit<IntentKey, 'object_id'> | undefined;
}

const MAX_ROUNDS = 20;
/** After the call that the caller makes itself, should it not come back. */
const FIRST_QUERY_MS = 3_000;

export async function releaseHold(app: App, request: ReleaseRequest): Promise<Hold> {
  const { book, id } = request.hold;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const hold = await requireHold(app, book, id);
    checkReleasable(app, hold, request);
    if (await mustWait(app, hold, request)) {
      const waiting = await putOff(app, hold, request);
      if (waiting) return waiting;
      continue;
    }
    const order = await planOrder(app, hold, request);
    const result = await submitRelease(app, hold, order, request);
    if (result === 'committed') {
      await pursueSplit(app, order);
      return requireHold(app, book, id);
    }
  }
  throw new Refusal('concurrent_change', { message: 'the hold keeps changing; try again' });
}

function checkReleasable(app: App, hold: Hold, { amount, why }: ReleaseRequest): void {
  if (hold.state !== 'held') {
    const message =
      hold.state === 'releasing'
        ? 'money of this hold is being released; read it and decide again'
        : `the hold is ${hold.state}: nothing is held any more`;
    throw new Refusal('state_conflict', { message });
  }
  if (hold.disputed_at !== null && why !== 'dispute') {
    throw new Refusal('hold_disputed', { message: 'resolve the dispute of this hold first' });
  }
  const left = leftOf(hold);
  if (left === 0n || (amount !== undefined && amount > left)) {
    throw new Refusal('amount_exceeds_held', {
      param: 'amount',
      message: `at most ${left} fen can still be released from this hold`,
    });
  }
  const whole = amount === undefined || amount === left;
  if (!whole && app.clock.now() < hold.releasable_at) {
    throw new Refusal('state_conflict', {
      message: `${hold.wallet} releases nothing before ${hold.releasable_at.toISOString()}`,
    });
  }
}

/**
 * Whether the wallet, or a refund, comes first. A refund that was asked for during the last
 * release comes before the next one. And the last of the money does not leave while the wallet may
 * still refuse a refund of held money: with the last of it the wallet ends the hold, and what the
 * payer should have had would go to the merchant.
 */
async function mustWait(app: App, hold: Hold, { amount, why }: ReleaseRequest): Promise<boolean> {
  const refunds = await findRefunds(app, { book: hold.book, id: hold.payment_id });
  const waits = refunds.find((refund) => isUnfunded(refund) && !isFinal(refund));
  const whole = amount === undefined || amount === leftOf(hold);
  const open = refunds.find((refund) => refund.from_hold > 0n && isUndecided(refund));
  const decided = why !== 'time' && why !== 'sharing';
  if (waits || (whole && open && !decided)) {
    throw new Refusal('state_conflict', {
      message: `refund ${(waits ?? open)?.id} takes its money first; release again in a moment`,
    });
  }
  return app.clock.now() < hold.releasable_at || (whole && open !== undefined);
}

/** A release of disputed money is the end of the dispute. */
function resolution(app: App, hold: Hold): { values: HoldChange; events: NewEvent[] } {
  if (hold.disputed_at === null) return { values: {}, events: [] };
  const sequence = hold.sequence + 1;
  const values = { disputed_at: null, dispute_reason: null, sequence };
  return { values, events: [holdEvent(app, 'hold.dispute_resolved', { ...hold, ...values })] };
}

/** It is decided, and happens by itself as soon as it can: a shipment does not undo it. */
async function putOff(app: App, hold: Hold, { key }: ReleaseRequest): Promise<Hold | undefined> {
  const release_at = hold.releasable_at;
  const resolved = resolution(app, hold);
  const result = await app.ledger.submit({
    book: hold.book,
    ...NOTHING,
    rows: [changeHold(hold, { release_at, ...resolved.values })],
    events: resolved.events,
    keys: key ? [{ ...key, object_id: hold.id }] : [],
  });
  throwIfKeyTaken(result);
  if (result.kind !== 'committed') return undefined;
  return requireHold(app, hold.book, hold.id);
}

async function planOrder(app: App, hold: Hold, request: ReleaseRequest): Promise<SplitOrder> {
  const payment = await findPayment(app, hold.payment_id);
  assert(payment?.terms, `hold ${hold.id} has no payment with terms`);
  const amount = request.amount ?? leftOf(hold);
  const order = await planRelease(app, { hold, payment, amount, why: request.why });
  if (amount < leftOf(hold)) await checkPartial(app, hold, payment, order);
  return order;
}

async function checkPartial(
  app: App,
  hold: Hold,
  payment: Payment,
  { amount, parts }: SplitOrder,
): Promise<void> {
  const account = await requireAccount(app.wallets, hold.wallet_account_id);
  const limits = splitLimits(app.wallets.connector(hold.wallet), account);
  assert(limits, `${hold.wallet} holds money but says no limits`);
  if (!limits.partial_release) {
    throw new Refusal('partial_release_unsupported', {
      param: 'amount',
      message: `${hold.wallet} releases all that it holds of a payment, or nothing`,
    });
  }
  const names = parts.map((part) => part.account);
  // The seller is one of the receivers now.
  if (whyNotParts(limits, names) !== null) {
    throw new Refusal('state_conflict', {
      message: `${hold.wallet} cannot pay these receivers and the merchant at once: release the rest`,
    });
  }
  const attempt = (await findAttempts(app, payment)).find(({ id }) => id === hold.attempt_id);
  assert(attempt, `attempt ${hold.attempt_id} is gone`);
  // The wallet has taken its fee from what it holds.
  if (leftOf(hold) - amount < feeEstimate(app, attempt)) {
    throw new Refusal('state_conflict', {
      message: 'less than the wallet’s fee would stay held: release all by leaving amount out',
    });
  }
  const made = (await findSplitOrders(app, payment)).filter(({ kind }) => kind !== 'return');
  if (made.length + 1 >= limits.max_requests) {
    throw new Refusal('state_conflict', {
      message: `${hold.wallet} takes ${limits.max_requests} releases of a payment: release the rest`,
    });
  }
}

async function submitRelease(
  app: App,
  hold: Hold,
  order: SplitOrder,
  { key }: ReleaseRequest,
): Promise<'committed' | 'again'> {
  const { book } = hold;
  const { payment_id, platform_id } = hold;
  const postings = reservations(app, hold, order);
  const next = new Date(app.clock.real().getTime() + app.config.wallet_timeout_ms + FIRST_QUERY_MS);
  const resolved = resolution(app, hold);
  const result = await app.ledger.submit({
    book,
    rows: [
      changeHold(hold, {
        state: 'releasing',
        reserved: hold.reserved + order.amount,
        ...resolved.values,
      }),
      insertSplit(order, next),
    ],
    postings,
    events: [
      step({ book, id: payment_id, platform_id }, 'split.created', {
        split: order.id,
        kind: order.kind,
        why: order.why,
        amount: order.amount.toString(),
      }),
      ...resolved.events,
    ],
    jobs: [],
    keys: key ? [{ ...key, object_id: hold.id }] : [],
  });
  throwIfKeyTaken(result);
  return result.kind === 'committed' ? 'committed' : 'again';
}
