import type { App } from '../app.ts';
import { type Book, newId } from '../ids.ts';
import { suspense, walletAccount } from '../ledger/accounts.ts';
import type { NewPosting } from '../ledger/ledger.ts';
import type { Break, BreakKind } from '../reconciliation/breaks/break.ts';
import { openByFact } from '../reconciliation/breaks/fact.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { joinParts, type MoveParts, NOTHING, step } from './changes.ts';
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

export async function refuse(
  app: App,
  account: WalletAccount,
  { payment, attempt }: Situation,
  fact: PaymentFact,
  source: FactSource,
  why: Misfit,
): Promise<MoveParts> {
  const { book, id: payment_id } = payment;
  const detail = { ...factDetail(fact), expected_amount: attempt.amount.toString() };
  const about = { book, kind: KINDS[why], payment_id, detail };
  return joinParts(await openByFact(app, source, breakOf(account, fact, about)), {
    ...NOTHING,
    events: [step(payment, 'fact.refused', { why, source, ...detail })],
  });
}

/** A paid fact for an order nobody knows: the money is safe in suspense, and a break is opened. */
export async function strange(
  app: App,
  book: Book,
  account: WalletAccount,
  fact: PaymentFact,
  source: FactSource,
): Promise<{ parts: MoveParts; result: AdvanceResult }> {
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
  const about = { book, kind: 'missing_here', payment_id: null, detail: factDetail(fact) } as const;
  const opened = await openByFact(app, source, breakOf(account, fact, about));
  return { parts: { ...opened, postings: [posting] }, result };
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

function breakOf(
  account: WalletAccount,
  fact: PaymentFact,
  about: Pick<Break, 'book' | 'kind' | 'payment_id' | 'detail'>,
) {
  const subject = fact.wallet_transaction_id ?? fact.wallet_reference;
  return { ...about, wallet_account_id: account.id, about: 'payment' as const, subject };
}
