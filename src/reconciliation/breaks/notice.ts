import type { App } from '../../app.ts';
import type { Book } from '../../ids.ts';
import type { RowChange } from '../../ledger/ledger.ts';
import { NOTHING } from '../../payments/changes.ts';
import type { Payment } from '../../payments/payment.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { selectBreaksNamed } from '../queries.ts';
import type { Break, BreakKind } from './break.ts';
import { ended, entry, freshBreak, told } from './parts.ts';
import { insertBreak } from './row.ts';

/** Breaks of payments that are noticed before any bill tells of them, and their end. */
export async function noticeBreak(
  app: App,
  account: WalletAccount,
  payment: Payment,
  about: Pick<Break, 'kind' | 'subject' | 'detail'> & {
    readonly why: string;
    /** Unless this row has moved on. */
    readonly while: RowChange;
  },
): Promise<void> {
  const { why, while: unmoved, ...rest } = about;
  const found = freshBreak(app, [entry(app, 'opened', why)], {
    ...rest,
    book: payment.book,
    wallet_account_id: account.id,
    about: 'payment',
    bill_id: null,
    payment_id: payment.id,
    amount: null,
    fee: null,
  });
  // Taken: it was noticed before.
  await app.ledger.submit({
    ...NOTHING,
    book: payment.book,
    rows: [insertBreak(found), unmoved],
    events: told(app, 'break.opened', found, payment),
  });
}

/** Ends what is open under these names; one that changes meanwhile is left to somebody. */
export async function endNoticed(
  app: App,
  account: WalletAccount,
  payment: Pick<Payment, 'book' | 'platform_id'>,
  about: { readonly kind: BreakKind; readonly subjects: readonly string[]; readonly why: string },
): Promise<void> {
  const { kind, subjects, why } = about;
  const named = await selectBreaksNamed(app.db, {
    book: payment.book,
    account_id: account.id,
    kinds: subjects.map(() => kind),
    subjects,
  });
  for (const found of named.filter(({ state }) => state === 'open')) {
    const owner: { platform_id: string; book: Book } = payment;
    const parts = ended(app, found, entry(app, 'netted', why), owner);
    await app.ledger.submit({ ...parts, book: payment.book });
  }
}
