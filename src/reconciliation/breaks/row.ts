import { fragment } from '../../db/pool.ts';
import type { RowChange, RowKind } from '../../ledger/ledger.ts';
import type { Break } from './break.ts';

/** The one way a break is written for the first time, whoever found it: a fact or a bill. */
export const BREAK_ROW: RowKind = {
  table: 'breaks',
  columns: {
    wallet_account_id: 'text',
    kind: 'text',
    detail: 'jsonb',
    payment_id: 'text',
    subject: 'text',
    about: 'text',
    bill_id: 'text',
    amount: 'bigint',
    fee: 'bigint',
    state: 'text',
    resolved_at: 'timestamptz',
    trail: 'jsonb',
  },
};

/** Every column of a break, as `Break` has them. */
export const BREAK_COLUMNS = fragment`
  book, id, version, wallet_account_id, kind, about, subject, bill_id, payment_id, amount, fee,
  state, detail, trail, created_at, resolved_at
`;

export function insertBreak(fresh: Break): RowChange {
  const { id, book: _book, version: _one, created_at: _now, ...values } = fresh;
  return { op: 'insert', kind: BREAK_ROW, id, values };
}
