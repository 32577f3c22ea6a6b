import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { changePart, type PaymentPart } from '../combined/part.ts';
import { assert, Refusal } from '../errors.ts';
import { newId, newWalletReference } from '../ids.ts';
import { throwIfKeyTaken } from '../ledger/key-taken.ts';
import type { IntentKey, Move } from '../ledger/ledger.ts';
import { changePayment, NOTHING } from '../payments/changes.ts';
import { findPayment } from '../payments/find.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { requireAccount } from '../wallets/registry.ts';
import { insertRefund, refundEvent } from './changes.ts';
import { selectRefund, selectRefunds } from './queries.ts';
import type { Refund } from './refund.ts';
import { sendRefund } from './send.ts';
import { type FundedRefund, fundRefund } from './sources/funding.ts';

/**
 * A marketplace asks for money back. The amount is reserved on the payment and in the ledger in one
 * move, so that at any concurrency all refunds together never exceed what was paid; then the
 * wallet is called, and a job behind it finishes what a crash or an outage left.
 */
export interface RefundRequest {
  readonly payment: Pick<Payment, 'book' | 'id'>;
  readonly amount: bigint;
  /** The part of a combined order. */
  readonly part?: string | undefined;
  /** The marketplace's own number; the same number and amount answers the same refund. */
  readonly reference: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly key?: Omit<IntentKey, 'object_id'>;
}

const MAX_ROUNDS = 50;
const DAY_MS = 86_400_000;

export async function createRefund(app: App, request: RefundRequest): Promise<Refund> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const payment = await findPayment(app, request.payment.id);
    if (!payment) throw new Refusal('not_found');
    const existing = await sameReference(app, payment, request);
    if (existing) {
      await keepKey(app, payment, existing, request);
      return existing;
    }
    const attempt = await paidAttempt(app, payment);
    const part = partOf(payment, request.part);
    check(app, payment, attempt, request, part);
    const account = await requireAccount(app.wallets, attempt.wallet_account_id);
    const planned = { ...plan(app, payment, attempt, request), part_id: part?.id ?? null };
    const funded = await fundRefund(app, account, payment, planned);
    if (!funded) continue;
    const { refund } = funded;
    const result = await app.ledger.submit(intent(app, { payment, part }, funded, request));
    if (result.kind === 'committed') {
      await sendRefund(app, refund);
      return (await selectRefund(app.db, payment.book, refund.id)) ?? refund;
    }
    throwIfKeyTaken(result);
  }
  throw new Refusal('concurrent_change', { message: 'the payment keeps changing; try again' });
}

async function sameReference(
  app: App,
  payment: Payment,
  request: RefundRequest,
): Promise<Refund | undefined> {
  const refunds = await selectRefunds(app.db, payment.book, payment.id);
  const existing = refunds.find((refund) => refund.reference === request.reference);
  const same = existing?.amount === request.amount && existing.part_id === (request.part ?? null);
  if (existing && !same) {
    throw new Refusal('reference_taken', {
      param: 'reference',
      message: `refund ${existing.id} has this reference with another amount or part`,
    });
  }
  return existing;
}

/** The key names the refund that its reference found; a copy in flight keeps it to itself. */
async function keepKey(
  app: App,
  { book }: Payment,
  { id }: Refund,
  { key }: RefundRequest,
): Promise<void> {
  if (!key) return;
  const keys = [{ ...key, object_id: id }];
  const result = await app.ledger.submit({ book, ...NOTHING, keys });
  throwIfKeyTaken(result);
}

/** @throws Refusal when the payment has parts and none, or another payment's, is named */
function partOf(payment: Payment, named: string | undefined): PaymentPart | undefined {
  if (payment.parts.length === 0 && named === undefined) return undefined;
  const part = payment.parts.find(({ id }) => id === named);
  if (part) return part;
  throw new Refusal('invalid_parameter', {
    param: 'part',
    message:
      payment.parts.length === 0
        ? 'part: the payment has no parts'
        : 'part: name one of the parts of this payment; each is refunded by itself',
  });
}

async function paidAttempt(app: App, payment: Payment): Promise<Attempt> {
  if (payment.state !== 'succeeded') {
    throw new Refusal('state_conflict', {
      message: `the payment is ${payment.state}: only a paid one can be refunded`,
    });
  }
  const attempts = await findAttempts(app, payment);
  const attempt = attempts.find((entry) => entry.id === payment.succeeded_attempt_id);
  assert(attempt, `payment ${payment.id} has no paid attempt`);
  return attempt;
}

function check(
  app: App,
  payment: Payment,
  attempt: Attempt,
  request: RefundRequest,
  part: PaymentPart | undefined,
): void {
  const of = part ?? payment;
  const left = of.amount - of.refund_reserved;
  if (request.amount < 1n || request.amount > left) {
    throw new Refusal('amount_exceeds_refundable', {
      param: 'amount',
      message: `at most ${left} fen can still be refunded on this ${part ? 'part' : 'payment'}`,
    });
  }
  const { capabilities } = app.wallets.connector(attempt.wallet);
  const until = (payment.paid_at?.getTime() ?? 0) + capabilities.refund_window_days * DAY_MS;
  if (app.clock.now().getTime() > until) {
    throw new Refusal('state_conflict', {
      message: `${attempt.wallet} refunds for ${capabilities.refund_window_days} days only`,
    });
  }
  // The wallet counts by order, and a part is one.
  const most = capabilities.max_refunds * Math.max(1, payment.parts.length);
  if (payment.refund_count >= most) {
    throw new Refusal('state_conflict', {
      message: `${attempt.wallet} takes at most ${most} refunds of a payment`,
    });
  }
}

function plan(app: App, payment: Payment, attempt: Attempt, request: RefundRequest): Refund {
  return {
    book: payment.book,
    id: newId('rfd', payment.book),
    version: 1,
    payment_id: payment.id,
    attempt_id: attempt.id,
    state: 'created',
    origin: 'requested',
    amount: request.amount,
    currency: 'CNY',
    reason: request.reason,
    reference: request.reference,
    refund_reference: newWalletReference(payment.book),
    wallet_refund_id: null,
    refusal: null,
    reservation_id: newId('pst', payment.book),
    part_id: null,
    hold_id: null,
    from_hold: 0n,
    hold_reservation_id: null,
    metadata: request.metadata,
    created_at: app.clock.now(),
    succeeded_at: null,
  };
}

function intent(
  app: App,
  { payment, part }: { payment: Payment; part: PaymentPart | undefined },
  { refund, held }: FundedRefund,
  request: RefundRequest,
): Move {
  const { book } = payment;
  const changed = {
    refund_reserved: payment.refund_reserved + refund.amount,
    refund_count: payment.refund_count + 1,
  };
  return {
    book,
    rows: [
      changePayment(payment, changed),
      ...(part
        ? [changePart(part, { refund_reserved: part.refund_reserved + refund.amount })]
        : []),
      insertRefund(refund),
      ...held.rows,
    ],
    postings: held.postings,
    events: [refundEvent(app, 'refund.created', payment, refund, 1), ...held.events],
    jobs: [{ book, kind: 'refund.send' as const, key: refund.id, payload: {}, run_at: later(app) }],
    keys: request.key ? [{ ...request.key, object_id: refund.id }] : [],
  };
}

/** The caller sends the refund itself at once; the job is for the case that it cannot. */
function later(app: App): Date {
  return new Date(Date.now() + JOB_AFTER_MS * app.config.retry_pace);
}

const JOB_AFTER_MS = 2_000;
