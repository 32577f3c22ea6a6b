import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { IntentKey } from '../ledger/ledger.ts';
import { createRefund } from '../refunds/create.ts';
import { findRefunds } from '../refunds/find.ts';
import { type Hold, leftOf } from './hold.ts';
import { releaseHold } from './release.ts';
import { type HoldUpdate, updateHold } from './update.ts';

/** A dispute freezes what is held until somebody decides, or the wallet's own limit is over. */
export async function openDispute(
  app: App,
  hold: Hold,
  reason: string,
  key?: Omit<IntentKey, 'object_id'>,
): Promise<Hold> {
  const disputed = (now: Hold): HoldUpdate | undefined => {
    if (now.disputed_at !== null) return undefined;
    if (now.state !== 'held' || leftOf(now) === 0n) {
      throw new Refusal('state_conflict', {
        message: `the hold is ${now.state}: there is nothing left to freeze`,
      });
    }
    const disputed_at = app.clock.now();
    return {
      values: { disputed_at, dispute_reason: reason, warned_at: null },
      event: 'hold.disputed',
    };
  };
  return updateHold(app, hold, disputed, key);
}

export interface Resolution {
  /** Who gets the money: the merchant and the receivers of shares, or the payer. */
  readonly outcome: 'release' | 'return';
  /** All that is held when absent; what is left goes on being held, undisputed. */
  readonly amount?: bigint | undefined;
  readonly key: Omit<IntentKey, 'object_id'>;
}

const NAME_LENGTH = 24;

export async function resolveDispute(
  app: App,
  hold: Hold,
  { outcome, amount, key }: Resolution,
): Promise<Hold> {
  const { book, payment_id } = hold;
  // Under one reference an interrupted try finds the refund that it has made.
  const reference = `dispute-${key.key_hash.slice(0, NAME_LENGTH)}`;
  const refunds = await findRefunds(app, { book, id: payment_id });
  const made = refunds.find((refund) => refund.reference === reference);
  if (hold.disputed_at === null && !made) {
    throw new Refusal('state_conflict', { message: 'no dispute of this payment is open' });
  }
  if (outcome === 'release') return releaseHold(app, { hold, why: 'dispute', amount, key });
  const left = leftOf(hold);
  if (!made && amount !== undefined && amount > left) {
    const message = `at most ${left} fen are held and can be returned by this`;
    throw new Refusal('amount_exceeds_held', { param: 'amount', message });
  }
  await createRefund(app, {
    payment: { book, id: payment_id },
    amount: made?.amount ?? amount ?? left,
    reference,
    reason: 'dispute resolved for the payer',
    metadata: {},
  });
  const resolved = (now: Hold): HoldUpdate | undefined =>
    now.disputed_at === null
      ? undefined
      : { values: { disputed_at: null, dispute_reason: null }, event: 'hold.dispute_resolved' };
  return updateHold(app, hold, resolved, key);
}
