import type { App } from '../app.ts';
import type { PaymentPart } from '../combined/part.ts';
import { openHold } from '../escrow/open.ts';
import { newId } from '../ids.ts';
import { holdAccount, merchantAccount, walletAccount, walletFees } from '../ledger/accounts.ts';
import type { NewPosting } from '../ledger/ledger.ts';
import { shareHalfUp } from '../money.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import {
  changeAttempt,
  changePayment,
  joinParts,
  type MoveParts,
  NOTHING,
  paymentEvent,
  step,
} from './changes.ts';
import type { Situation } from './decide.ts';
import { type Attempt, isLive, type Payment } from './payment.ts';

/** What each decision about a fact writes: rows, postings and events of one move. */
const RATE_UNIT = 100_000n;

export function succeed(
  app: App,
  account: WalletAccount,
  { payment, attempt }: Situation,
  fact: PaymentFact,
  others: readonly Attempt[],
): MoveParts {
  const paid_at = fact.paid_at ?? app.clock.now();
  const changed = {
    state: 'succeeded',
    wallet: attempt.wallet,
    succeeded_attempt_id: attempt.id,
    paid_at,
    sequence: payment.sequence + 1,
  } as const;
  const transaction = fact.wallet_transaction_id ?? null;
  const told = paymentEvent(app, 'payment.succeeded', { ...payment, ...changed });
  const held = openHold(app, account, { payment, attempt, paid_at });
  return {
    rows: [
      ...held.rows,
      changePayment(payment, changed),
      changeAttempt(attempt, {
        state: 'succeeded',
        wallet_transaction_id: transaction,
        payer_paid: fact.payer_paid ?? null,
        coupons: fact.coupons ?? null,
        paid_at,
        next_query_at: null,
      }),
    ],
    postings: takings(app, account, payment, attempt),
    events: [
      step(payment, 'attempt.succeeded', {
        attempt: attempt.id,
        wallet: attempt.wallet,
        wallet_transaction_id: transaction,
        payer_paid: fact.payer_paid?.toString() ?? null,
        coupons: couponTexts(fact),
      }),
      told,
      ...held.events,
    ],
    jobs: others.map((other) => ({
      book: payment.book,
      kind: 'attempt.close' as const,
      key: other.id,
      payload: { payment_id: payment.id, attempt_id: other.id },
    })),
  };
}

function couponTexts({ coupons }: PaymentFact): Record<string, string> | null {
  if (!coupons) return null;
  const lines = Object.entries(coupons).map(([funder, amount]) => [funder, String(amount)]);
  return Object.fromEntries(lines);
}

/** The order total is the merchant's; the wallet's fee is booked apart, as an estimate. */
function takings(
  app: App,
  account: WalletAccount,
  payment: Payment,
  attempt: Attempt,
): NewPosting[] {
  const business_at = app.clock.now();
  const common = {
    kind: 'posted' as const,
    currency: 'CNY' as const,
    subject_id: payment.id,
    business_at,
    fact: true,
  };
  return sharesOf(payment).flatMap(({ merchant_id, amount }) => {
    const merchant = merchantAccount(merchant_id);
    const fee = feeEstimate(app, { wallet: attempt.wallet, amount });
    const taking: NewPosting = {
      ...common,
      id: newId('pst', payment.book),
      debit: walletAccount(account),
      credit: payment.terms === null ? merchant : holdAccount(payment.id),
      amount,
      reason: 'payment',
    };
    if (fee === 0n) return [taking];
    const cost: NewPosting = {
      ...common,
      id: newId('pst', payment.book),
      debit: merchant,
      credit: walletFees(account),
      amount: fee,
      reason: 'wallet_fee_estimate',
    };
    return [taking, cost];
  });
}

/** Whose the money is: one merchant's, or each part its seller's. */
function sharesOf(payment: Payment): readonly Pick<PaymentPart, 'merchant_id' | 'amount'>[] {
  return payment.parts.length > 0 ? payment.parts : [payment];
}

export function feeEstimate(app: App, attempt: Pick<Attempt, 'wallet' | 'amount'>): bigint {
  const { fee_rate } = app.wallets.connector(attempt.wallet).capabilities;
  return shareHalfUp(attempt.amount, fee_rate, RATE_UNIT);
}

/** The wallet confirmed the close; the payment may take another attempt, or is closed itself. */
export function end(
  app: Pick<App, 'vault' | 'public_url' | 'config' | 'clock'>,
  { payment, attempt, attempts }: Pick<Situation, 'payment' | 'attempt' | 'attempts'>,
  payment_closes: boolean,
): MoveParts {
  const ended: MoveParts = {
    ...NOTHING,
    rows: [changeAttempt(attempt, { state: 'closed', next_query_at: null })],
    events: [step(payment, 'attempt.closed', { attempt: attempt.id, wallet: attempt.wallet })],
  };
  if (payment_closes) return joinParts(ended, closed(app, payment));
  const anotherIsLive = attempts.some((other) => other.id !== attempt.id && isLive(other));
  if (payment.state !== 'pending' || anotherIsLive) return ended;
  return joinParts(ended, {
    ...NOTHING,
    rows: [changePayment(payment, { state: 'requires_wallet' })],
  });
}

/** The payment's end without money: said only when no attempt can still be paid. */
export function closed(
  app: Pick<App, 'vault' | 'public_url' | 'config' | 'clock'>,
  payment: Payment,
): MoveParts {
  const changed = {
    state: 'closed',
    closed_at: app.clock.now(),
    sequence: payment.sequence + 1,
  } as const;
  return {
    ...NOTHING,
    rows: [changePayment(payment, changed)],
    events: [paymentEvent(app, 'payment.closed', { ...payment, ...changed })],
  };
}
