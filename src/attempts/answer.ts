import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import { keyFinished } from '../http/idempotency.ts';
import {
  changeAttempt,
  changePayment,
  joinParts,
  type MoveParts,
  NOTHING,
  recordCall,
  step,
} from '../payments/changes.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import type { CreateOutcome } from '../wallets/wallet.ts';
import { selectAttempts } from './queries.ts';

/**
 * Records what the wallet answered, and that the idempotency key's call is over; a notification
 * that was faster keeps what it said.
 */
export async function recordAnswer(
  app: App,
  payment: Payment,
  attempt: Attempt,
  outcome: CreateOutcome,
  key_hash?: string,
): Promise<Attempt> {
  const always = [
    recordCall(attempt, outcome.kind, outcome.trace),
    ...(key_hash === undefined ? [] : [keyFinished(key_hash)]),
  ];
  const { book } = payment;
  const parts = answered(app, { payment, attempt }, outcome);
  const result = await app.ledger.submit({ book, ...parts, rows: [...parts.rows, ...always] });
  if (result.kind === 'committed') return after(attempt, outcome);
  await app.ledger.submit({ book, ...NOTHING, rows: always });
  const now = (await selectAttempts(app.db, book, payment.id)).find((a) => a.id === attempt.id);
  assert(now, `attempt ${attempt.id} is gone`);
  return now;
}

/** The attempt as the move of `answered` has left it. */
function after(attempt: Attempt, outcome: CreateOutcome): Attempt {
  const version = attempt.version + 1;
  switch (outcome.kind) {
    case 'presented':
      return { ...attempt, version, state: 'presented', presentation_data: outcome.presentation };
    case 'unknown':
      return { ...attempt, version, state: 'unknown' };
    case 'refused': {
      const { code, message } = outcome;
      return { ...attempt, version, state: 'refused', refusal: { code, message } };
    }
    default:
      return outcome satisfies never;
  }
}

/** The query schedule of an attempt that a payer can pay: the facts' 5 s, then slower. */
const AFTER_PRESENTED_MS = 10_000;
const AFTER_UNKNOWN_MS = 2_000;

function answered(
  { config: { retry_pace: pace } }: App,
  { payment, attempt }: { payment: Payment; attempt: Attempt },
  outcome: CreateOutcome,
): MoveParts {
  const told = { attempt: attempt.id, wallet: attempt.wallet };
  switch (outcome.kind) {
    case 'presented':
      return {
        ...NOTHING,
        rows: [
          changeAttempt(attempt, {
            state: 'presented',
            presentation_data: outcome.presentation,
            next_query_at: new Date(Date.now() + AFTER_PRESENTED_MS * pace),
          }),
        ],
        events: [step(payment, 'attempt.presented', told)],
      };
    case 'unknown':
      return {
        ...NOTHING,
        rows: [
          changeAttempt(attempt, {
            state: 'unknown',
            next_query_at: new Date(Date.now() + AFTER_UNKNOWN_MS * pace),
          }),
        ],
        events: [step(payment, 'attempt.unknown', { ...told, cause: outcome.cause })],
      };
    case 'refused': {
      const refusal = { code: outcome.code, message: outcome.message };
      return joinParts(
        {
          ...NOTHING,
          rows: [changeAttempt(attempt, { state: 'refused', refusal, next_query_at: null })],
          events: [step(payment, 'attempt.refused', { ...told, ...refusal })],
        },
        payment.state === 'pending'
          ? { ...NOTHING, rows: [changePayment(payment, { state: 'requires_wallet' })] }
          : NOTHING,
      );
    }
    default:
      return outcome satisfies never;
  }
}
