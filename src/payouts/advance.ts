import type { App } from '../app.ts';
import { homeOf } from '../books.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { settleFact } from '../ledger/settle-fact.ts';
import { type MoveParts, NOTHING } from '../payments/changes.ts';
import type { FactSource } from '../payments/decide.ts';
import type { Break } from '../reconciliation/breaks/break.ts';
import { openByFact } from '../reconciliation/breaks/fact.ts';
import type { PayoutFact } from '../wallets/products/payouts.ts';
import type { WithdrawalFact } from '../wallets/products/seller-funds.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { payoutConsequences } from './consequences.ts';
import { decidePayout, type PayoutReport } from './payout.ts';
import { selectPayoutByReference } from './queries.ts';

/** The one completion path of a payout, whoever speaks first: answer, notification, query. */
export interface PayoutAdvance {
  readonly outcome: 'changed' | 'ignore' | 'refuse' | 'unknown_payout';
  readonly payment_id: null;
}

export function payoutReport(fact: PayoutFact): PayoutReport {
  return { kind: 'transfer', ...fact };
}

export function withdrawalReport(fact: WithdrawalFact): PayoutReport {
  const { withdrawal_reference, wallet_withdrawal_id, changed_at, ...rest } = fact;
  return {
    ...rest,
    kind: 'withdrawal',
    payout_reference: withdrawal_reference,
    wallet_payout_id: wallet_withdrawal_id,
    paid_at: changed_at,
  };
}

export async function advancePayout(
  app: App,
  account: WalletAccount,
  report: PayoutReport,
  source: FactSource,
  also: (result: PayoutAdvance) => readonly RowChange[] = () => [],
): Promise<PayoutAdvance> {
  const book = await homeOf(app, report.payout_reference);
  return settleFact(app, {
    book,
    subject: report.payout_reference,
    also,
    judge: () => judge(app, book, account, report, source),
  });
}

async function judge(
  app: App,
  book: Book,
  account: WalletAccount,
  report: PayoutReport,
  source: FactSource,
): Promise<{ parts: MoveParts; beside?: MoveParts; result: PayoutAdvance }> {
  const { payout_reference } = report;
  const at = { book, wallet_account_id: account.id, payout_reference };
  const payout = await selectPayoutByReference(app.db, at);
  const own = app.wallets.connector(account.wallet).merchantNumber(account);
  if (!payout) {
    const left = report.state === 'succeeded' && report.amount !== undefined;
    const amount = left ? -(report.amount ?? 0n) : null;
    const about = breakOf(book, account, report, { kind: 'missing_here', amount });
    const result = { outcome: 'unknown_payout', payment_id: null } as const;
    return { parts: await openByFact(app, source, about), result };
  }
  const foreign = report.wallet_merchant !== undefined && report.wallet_merchant !== own;
  const decision = foreign
    ? { kind: 'refuse' as const, why: 'wrong_payout' }
    : decidePayout(payout, report, source);
  switch (decision.kind) {
    case 'ignore':
      return { parts: NOTHING, result: { outcome: 'ignore', payment_id: null } };
    case 'refuse': {
      // Paid by us, and by the wallet's later word never: it is more for the seller.
      const unpaid = decision.why === 'paid_payout_refused';
      const kind = foreign ? 'merchant' : unpaid ? 'state' : 'amount';
      const amount = unpaid ? payout.amount : null;
      const about = breakOf(book, account, report, { kind, amount });
      // Another merchant's word is not shown to the payout's own platform.
      const owner = foreign ? undefined : payout;
      const result = { outcome: 'refuse', payment_id: null } as const;
      return { parts: await openByFact(app, source, about, owner), result };
    }
    default: {
      const parts = await payoutConsequences(app, account, payout, report, decision);
      const again = decision.kind === 'pay' && decision.again;
      const result = { outcome: 'changed', payment_id: null } as const;
      if (!again) return { parts, result };
      const about = breakOf(book, account, report, { kind: 'state', amount: null });
      return { parts, beside: await openByFact(app, source, about, payout), result };
    }
  }
}

function breakOf(
  book: Book,
  account: WalletAccount,
  report: PayoutReport,
  { kind, amount }: Pick<Break, 'kind' | 'amount'>,
) {
  const { confirmation: _confirmation, ...told } = report;
  return {
    book,
    wallet_account_id: account.id,
    kind,
    about: 'payout' as const,
    amount,
    detail: { ...told, amount: report.amount?.toString() ?? null },
    payment_id: null,
    subject: report.payout_reference,
  };
}
