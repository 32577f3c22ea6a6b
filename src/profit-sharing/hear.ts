import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { homeOf } from '../books.ts';
import { requireHold } from '../escrow/find.ts';
import type { Hold } from '../escrow/hold.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { settleFact } from '../ledger/settle-fact.ts';
import { type MoveParts, NOTHING } from '../payments/changes.ts';
import type { BreakKind } from '../reconciliation/breaks/break.ts';
import { openByFact } from '../reconciliation/breaks/fact.ts';
import type { ToldSplit } from '../wallets/notification.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { splitConsequences } from './advance.ts';
import { changeSplit } from './changes.ts';
import { selectSplitByReference } from './queries.ts';
import { isOver, type SplitOrder } from './split-order.ts';

/**
 * What a wallet tells of a split without being asked. Told to the merchant that paid it, it is the
 * same fact as the answer to a question, and takes the same way. Told to a receiver it speaks of
 * one part only, and was verified with keys of another account than the one that paid: it makes the
 * hub ask at once, and the answer counts.
 */
interface SplitHeard {
  readonly outcome: 'changed' | 'asks' | 'ignore' | 'refuse' | 'unknown_split';
  readonly payment_id: string | null;
}

export async function hearSplit(
  app: App,
  account: WalletAccount,
  told: ToldSplit,
  also: (result: SplitHeard) => readonly RowChange[],
): Promise<SplitHeard> {
  const { split_reference } = told.fact;
  const book = await homeOf(app, split_reference);
  return settleFact(app, {
    book,
    subject: split_reference,
    also,
    judge: () => judge(app, book, account, told),
  });
}

interface Judged {
  readonly parts: MoveParts;
  readonly result: SplitHeard;
}

async function judge(
  app: App,
  book: Book,
  account: WalletAccount,
  told: ToldSplit,
): Promise<Judged> {
  const order = await selectSplitByReference(app.db, book, told.fact.split_reference);
  const hold = order && (await requireHold(app, book, order.hold_id));
  if (!order || !hold || !mayTell(account, { order, hold }, told)) {
    const result = { outcome: 'unknown_split', payment_id: null } as const;
    // A receiver is also paid by merchants that this hub has nothing to do with.
    const stranger = told.paid_by !== undefined;
    const parts = stranger ? NOTHING : await opened(app, book, account, told, 'missing_here');
    return { parts, result };
  }
  const { payment_id } = order;
  const misfit = await misfitOf(app, { order, hold, account }, told);
  if (misfit) {
    // Another merchant's word is not shown on this payment.
    const shown = misfit === 'merchant' ? null : payment_id;
    const result = { outcome: 'refuse', payment_id: shown } as const;
    return { parts: await opened(app, book, account, told, misfit, shown), result };
  }
  if (isOver(order)) return { parts: NOTHING, result: { outcome: 'ignore', payment_id } };
  if (told.paid_by !== undefined) {
    return { parts: askNow(app, order), result: { outcome: 'asks', payment_id } };
  }
  const parts = splitConsequences(app, hold, order, told.fact);
  const outcome = parts.rows.length === 0 ? 'ignore' : 'changed';
  return { parts, result: { outcome, payment_id } };
}

/** The whole is told to the account that paid; a return is never told but to its receiver. */
function mayTell(
  account: WalletAccount,
  { order, hold }: Pick<Told, 'order' | 'hold'>,
  { paid_by }: ToldSplit,
): boolean {
  if (paid_by !== undefined) return true;
  return order.kind !== 'return' && hold.wallet_account_id === account.id;
}

interface Told {
  readonly order: SplitOrder;
  readonly hold: Hold;
  readonly account: WalletAccount;
}

async function misfitOf(
  app: App,
  { order, hold, account }: Told,
  { fact, paid_by }: ToldSplit,
): Promise<BreakKind | undefined> {
  if (paid_by !== undefined) {
    const paying = await requireAccount(app.wallets, hold.wallet_account_id);
    const number = app.wallets.connector(paying.wallet).merchantNumber(paying);
    if (paying.wallet !== account.wallet || number !== paid_by) return 'merchant';
  }
  const attempts = await findAttempts(app, { book: order.book, id: order.payment_id });
  const paid = attempts.find(({ id }) => id === hold.attempt_id)?.wallet_transaction_id;
  if ((fact.wallet_transaction_id ?? paid) !== paid) return 'missing_here';
  const ours = (part: { account: string; amount: bigint }) =>
    order.parts.some(({ account: to, amount }) => to === part.account && amount === part.amount);
  if (!fact.parts.every(ours)) return 'amount';
  // By the wallet money has moved that we have freed again.
  const moved = fact.parts.some(({ state }) => state === 'succeeded');
  return order.state === 'refused' && moved ? 'state' : undefined;
}

/** The wallet knows of it; the next round of questions is in a moment. */
function askNow(app: App, order: SplitOrder): MoveParts {
  const asked = { state: 'pending', next_query_at: app.clock.real() } as const;
  return { ...NOTHING, rows: [changeSplit(order, asked)] };
}

function opened(
  app: App,
  book: Book,
  account: WalletAccount,
  { fact, paid_by }: ToldSplit,
  kind: BreakKind,
  payment_id: string | null = null,
): Promise<MoveParts> {
  const parts = fact.parts.map((part) => ({ ...part, amount: part.amount.toString() }));
  const released = fact.released === undefined ? {} : { released: fact.released.toString() };
  return openByFact(app, 'notification', {
    book,
    wallet_account_id: account.id,
    kind,
    about: 'split',
    detail: { ...fact, ...released, parts, paid_by: paid_by ?? null },
    payment_id,
    subject: fact.split_reference,
  });
}
