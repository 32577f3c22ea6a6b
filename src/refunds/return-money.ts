import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import { newId, newWalletReference } from '../ids.ts';
import { suspense, walletAccount } from '../ledger/accounts.ts';
import type { NewPosting } from '../ledger/ledger.ts';
import { changeAttempt, type MoveParts, step } from '../payments/changes.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { insertRefund } from './changes.ts';
import type { Refund, RefundOrigin } from './refund.ts';

/**
 * Money that came late or twice is booked to suspense and goes back by itself: the refund is made
 * in the same move as the fact, so no crash can keep the money.
 */
export interface LateMoney {
  readonly payment: Payment;
  readonly attempt: Attempt;
  readonly account: WalletAccount;
  readonly fact: PaymentFact;
  readonly origin: Exclude<RefundOrigin, 'requested'>;
}

export function planReturn(app: Pick<App, 'clock'>, late: LateMoney): MoveParts {
  const { payment, attempt, fact, origin } = late;
  const now = app.clock.now();
  const refunds = refundsOf(late, now);
  const { book } = payment;
  const changed = {
    returned: attempt.amount,
    wallet_transaction_id: fact.wallet_transaction_id ?? null,
    payer_paid: fact.payer_paid ?? null,
    paid_at: fact.paid_at ?? now,
    next_query_at: null,
    // An attempt that was still open is over now; one that had ended stays what it was.
    ...(attempt.state === 'closed' || attempt.state === 'refused'
      ? {}
      : { state: 'closed' as const }),
  };
  return {
    rows: [changeAttempt(attempt, changed), ...refunds.map(insertRefund)],
    postings: refunds.flatMap((refund) => postingsOf(late, refund, now)),
    events: [
      step(payment, 'fact.ignored', {
        attempt: attempt.id,
        wallet: attempt.wallet,
        why: origin,
        what_next: 'the money goes back to the payer',
        refund: refunds.map(({ id }) => id).join(' '),
      }),
    ],
    jobs: refunds.map(({ id }) => ({ book, kind: 'refund.send' as const, key: id, payload: {} })),
  };
}

/** A wallet gives the parts of a combined order back one by one. */
function refundsOf(late: LateMoney, now: Date): Refund[] {
  const { attempt, payment } = late;
  const whole = [{ id: null, amount: attempt.amount }];
  return (attempt.combined ? payment.parts : whole).map((part) => refundOf(late, part, now));
}

function refundOf(
  { payment, attempt, origin }: LateMoney,
  part: { readonly id: string | null; readonly amount: bigint },
  now: Date,
): Refund {
  const { book } = payment;
  const reference = `${origin}:${attempt.id}`;
  return {
    book,
    id: newId('rfd', book),
    version: 1,
    payment_id: payment.id,
    attempt_id: attempt.id,
    state: 'created',
    origin,
    amount: part.amount,
    currency: 'CNY',
    reason: origin === 'late_success' ? 'paid after the payment was closed' : 'paid twice',
    reference: part.id === null ? reference : `${reference}:${part.id}`,
    refund_reference: newWalletReference(book),
    wallet_refund_id: null,
    refusal: null,
    reservation_id: newId('pst', book),
    part_id: part.id,
    hold_id: null,
    from_hold: 0n,
    hold_reservation_id: null,
    metadata: {},
    created_at: now,
    succeeded_at: null,
  };
}

function postingsOf(
  { payment, account, origin }: LateMoney,
  refund: Refund,
  now: Date,
): NewPosting[] {
  const common = { currency: 'CNY', subject_id: payment.id, business_at: now, fact: true } as const;
  assert(refund.reservation_id, `refund ${refund.id} reserves nothing`);
  const held = suspense(account);
  return [
    {
      ...common,
      kind: 'posted',
      id: newId('pst', refund.book),
      debit: walletAccount(account),
      credit: held,
      amount: refund.amount,
      reason: origin,
    },
    {
      ...common,
      kind: 'pending',
      id: refund.reservation_id,
      debit: held,
      credit: walletAccount(account),
      amount: refund.amount,
      reason: 'money_returned',
    },
  ];
}
