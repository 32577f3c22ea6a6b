import type { App } from '../app.ts';
import { assert, Refusal } from '../errors.ts';
import type { NewEvent, StepType } from '../events.ts';
import { newId } from '../ids.ts';
import { NOTHING } from '../payments/changes.ts';
import { advancePayout, payoutReport } from './advance.ts';
import { changePayout } from './changes.ts';
import { canBeAskedBack, isOpen, type Payout } from './payout.ts';
import { selectPayout } from './queries.ts';
import { askPayout, record, SENT_AGAIN, subjectOf, told } from './send.ts';

/**
 * Taking a payout back. The wish is committed first; then the wallet is asked, and what it does
 * not answer is asked again with every question about the payout, until it says yes or no. A payout
 * that the wallet does not have yet ends at its next try. Whatever was paid meanwhile ends paid.
 */
type Named = Pick<Payout, 'book' | 'id'>;
const MAX_ROUNDS = 20;

/** @throws Refusal when it is over by another end, or its wallet takes none back */
export async function cancelPayout(app: App, named: Named): Promise<Payout> {
  const asked = await want(app, named);
  if (!canBeAskedBack(asked)) return asked;
  const refusal = await pursueCancellation(app, named);
  if (!refusal) return reload(app, named);
  throw new Refusal('wallet_refused', { message: `${asked.wallet}: ${refusal.message}` });
}

export interface CancelRefusal {
  readonly code: string;
  readonly message: string;
}

/** Asks the wallet again; its definite no ends the wish, and is what this answers. */
export async function pursueCancellation(
  app: App,
  named: Named,
): Promise<CancelRefusal | undefined> {
  const refusal = await askBack(app, named);
  return refusal && (await giveUp(app, named, refusal)) ? refusal : undefined;
}

/**
 * Asks for a payout back that the wallet has. Again is as good as once; what the wallet does not
 * say, or refuses for the moment only, is asked with the next question. Answers a definite no.
 */
async function askBack(app: App, named: Named): Promise<CancelRefusal | undefined> {
  const { payout, account } = await subjectOf(app, named.book, named.id);
  const { payouts } = app.wallets.connector(payout.wallet);
  if (!canBeAskedBack(payout) || !payouts?.cancel) return undefined;
  const outcome = told(await payouts.cancel(account, payout.payout_reference), payoutReport);
  await record(app, payout, outcome);
  if (outcome.kind === 'fact') await advancePayout(app, account, outcome.report, 'answer');
  if (outcome.kind !== 'refused' || SENT_AGAIN.has(outcome.code)) return undefined;
  // It may be over already, by whatever end: the wallet's state says more than its refusal.
  await askPayout(app, named);
  const { code, message } = outcome;
  return { code, message };
}

async function reload(app: App, { book, id }: Named): Promise<Payout> {
  const payout = await selectPayout(app.db, book, id);
  assert(payout, `payout ${id} is gone`);
  return payout;
}

async function want(app: App, named: Named): Promise<Payout> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const payout = await reload(app, named);
    if (payout.state === 'cancelled') return payout;
    check(app, payout);
    if (payout.cancel_requested_at !== null) return payout;
    const { book } = payout;
    const cancel_requested_at = app.clock.now();
    const done = await app.ledger.submit({
      book,
      ...NOTHING,
      rows: [changePayout(payout, { cancel_requested_at, cancel_refusal: null })],
      events: [step(payout, 'payout.cancel_requested', { state: payout.state })],
    });
    if (done.kind === 'committed') return reload(app, named);
  }
  throw new Refusal('concurrent_change', { message: 'the payout keeps changing; try again' });
}

function check(app: App, payout: Payout): void {
  const { state, kind, wallet } = payout;
  if (!isOpen(payout)) {
    throw new Refusal('state_conflict', { message: `the payout is ${state}: it is over` });
  }
  // What the wallet has not taken yet can stay here, whichever wallet it is.
  if (state === 'created') return;
  const { payouts } = app.wallets.connector(wallet);
  if (kind === 'withdrawal' || !payouts?.cancel) {
    throw new Refusal('state_conflict', {
      message: `${wallet} takes no ${kind} back once it has it; this one is ${state}`,
    });
  }
}

/** The wallet said no for good: the payout goes on. False when it is over meanwhile. */
async function giveUp(app: App, named: Named, cancel_refusal: CancelRefusal): Promise<boolean> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const payout = await reload(app, named);
    if (!isOpen(payout)) return false;
    if (payout.cancel_requested_at === null) return true;
    const done = await app.ledger.submit({
      book: payout.book,
      ...NOTHING,
      rows: [changePayout(payout, { cancel_requested_at: null, cancel_refusal })],
      events: [step(payout, 'payout.cancel_refused', { ...cancel_refusal })],
    });
    if (done.kind === 'committed') return true;
  }
  // It keeps changing: the next question about it asks again.
  return false;
}

function step(payout: Payout, type: StepType, about: Readonly<Record<string, string>>): NewEvent {
  const { book, id, platform_id } = payout;
  return {
    book,
    id: newId('evt', book),
    type,
    platform_id,
    object_id: id,
    payment_id: null,
    sequence: 0,
    public: false,
    data: { payout: id, ...about },
  };
}
