import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import type { MoveParts } from '../payments/changes.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import { splitLimits } from '../profit-sharing/limits.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { holdEvent, insertHold } from './changes.ts';
import { automaticRelease, DAY_MS, type Hold, holdIdOf } from './hold.ts';

/** A payment with terms was paid: its money is held, and its times are set. */
export function openHold(
  app: App,
  account: WalletAccount,
  paid: { readonly payment: Payment; readonly attempt: Attempt; readonly paid_at: Date },
): Pick<MoveParts, 'rows' | 'events'> {
  const { payment, attempt, paid_at } = paid;
  if (payment.terms === null) return { rows: [], events: [] };
  const limits = splitLimits(app.wallets.connector(account.wallet), account);
  assert(limits, `payment ${payment.id} has terms that ${account.wallet} cannot keep`);
  const at = (ms: number) => new Date(paid_at.getTime() + ms);
  const bounds = {
    releasable_at: at(limits.min_wait_ms),
    wallet_limit_at: at(limits.hold_days * DAY_MS),
  };
  const { capture, release_after_days } = payment.terms;
  const hold: Hold = {
    book: payment.book,
    id: holdIdOf(payment.id),
    version: 1,
    sequence: 1,
    subject_id: payment.id,
    payment_id: payment.id,
    platform_id: payment.platform_id,
    merchant_id: payment.merchant_id,
    attempt_id: attempt.id,
    wallet: attempt.wallet,
    wallet_account_id: attempt.wallet_account_id,
    capture,
    state: 'held',
    amount: attempt.amount,
    released: 0n,
    shared: 0n,
    returned: 0n,
    reserved: 0n,
    ...bounds,
    release_at: automaticRelease(paid_at, release_after_days ?? 0, bounds),
    warned_at: null,
    disputed_at: null,
    dispute_reason: null,
    shipped_at: null,
    shipment: null,
    created_at: paid_at,
    closed_at: null,
  };
  return { rows: [insertHold(hold)], events: [holdEvent(app, 'hold.created', hold)] };
}
