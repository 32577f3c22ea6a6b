import type { App } from '../app.ts';
import { type Book, newId } from '../ids.ts';
import { suspense, walletAccount } from '../ledger/accounts.ts';
import type { NewPosting, RowChange } from '../ledger/ledger.ts';
import type { BreakKind } from '../reconciliation/breaks/break.ts';
import { insertBreak } from '../reconciliation/breaks/row.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { type MoveParts, NOTHING, step } from './changes.ts';
import type { AdvanceResult, FactSource, Misfit, Situation } from './decide.ts';

/**
 * Facts that do not fit: each becomes a break, and money without a home is safe in suspense. What
 * does not fit in a fact, and the break that tells of it:
 */
const KINDS: Readonly<Record<Misfit, BreakKind>> = {
  wrong_merchant: 'merchant',
  wrong_amount: 'amount',
  wrong_currency: 'currency',
  wrong_parts: 'amount',
};

export function refuse(
  account: WalletAccount,
  { payment, attempt }: Situation,
  fact: PaymentFact,
  source: FactSource,
  why: Misfit,
): MoveParts {
  const detail = { source, ...factDetail(fact), expected_amount: attempt.amount.toString() };
  return {
    ...NOTHING,
    rows: [breakRow(payment.book, account, KINDS[why], fact, detail, payment.id)],
    events: [step(payment, 'fact.refused', { why, ...detail })],
  };
}

/** A paid fact for an order nobody knows: the money is safe in suspense, and a break is opened. */
export function strange(
  app: App,
  book: Book,
  account: WalletAccount,
  fact: PaymentFact,
  source: FactSource,
): { parts: MoveParts; result: AdvanceResult } {
  const result = { outcome: 'unknown_order', why: 'unknown_order', payment_id: null } as const;
  const merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  const ours = fact.wallet_merchant === merchant && fact.currency === 'CNY';
  if (fact.state !== 'paid' || !ours || fact.amount === undefined || fact.amount <= 0n) {
    return { parts: NOTHING, result };
  }
  const posting: NewPosting = {
    kind: 'posted',
    id: newId('pst', book),
    debit: walletAccount(account),
    credit: suspense(account),
    amount: fact.amount,
    currency: 'CNY',
    reason: 'unknown_order',
    business_at: app.clock.now(),
    fact: true,
  };
  const detail = { source, ...factDetail(fact) };
  const rows = [breakRow(book, account, 'missing_here', fact, detail, null)];
  return { parts: { ...NOTHING, rows, postings: [posting] }, result };
}

function factDetail(fact: PaymentFact): Record<string, unknown> {
  return {
    wallet_reference: fact.wallet_reference,
    wallet_transaction_id: fact.wallet_transaction_id ?? null,
    wallet_merchant: fact.wallet_merchant,
    amount: fact.amount?.toString() ?? null,
    currency: fact.currency ?? null,
    state: fact.state,
  };
}

function breakRow(
  book: Book,
  account: WalletAccount,
  kind: BreakKind,
  fact: PaymentFact,
  detail: Record<string, unknown>,
  payment_id: string | null,
): RowChange {
  const subject = fact.wallet_transaction_id ?? fact.wallet_reference;
  const about = 'payment';
  return insertBreak({
    book,
    wallet_account_id: account.id,
    kind,
    about,
    subject,
    payment_id,
    detail,
  });
}
