import type { App } from '../app.ts';
import type { EventType, NewEvent } from '../events.ts';
import { newId } from '../ids.ts';
import { holdAccount, merchantAccount } from '../ledger/accounts.ts';
import type { NewPosting, RowChange, RowKind, RowValues } from '../ledger/ledger.ts';
import type { Hold } from './hold.ts';
import { renderHold } from './render.ts';

/** Building blocks of moves on holds. */
const HOLD_ROW: RowKind = {
  table: 'holds',
  columns: {
    sequence: 'integer',
    subject_id: 'text',
    payment_id: 'text',
    platform_id: 'text',
    merchant_id: 'text',
    attempt_id: 'text',
    wallet: 'text',
    wallet_account_id: 'text',
    capture: 'text',
    state: 'text',
    amount: 'bigint',
    released: 'bigint',
    shared: 'bigint',
    returned: 'bigint',
    reserved: 'bigint',
    releasable_at: 'timestamptz',
    release_at: 'timestamptz',
    wallet_limit_at: 'timestamptz',
    warned_at: 'timestamptz',
    disputed_at: 'timestamptz',
    dispute_reason: 'text',
    shipped_at: 'timestamptz',
    shipment: 'jsonb',
    created_at: 'timestamptz',
    closed_at: 'timestamptz',
  },
};

export type HoldChange = Partial<{ -readonly [K in keyof Hold]: Hold[K] }>;

export function insertHold(hold: Hold): RowChange {
  const { book: _book, id, version: _version, ...columns } = hold;
  return { op: 'insert', kind: HOLD_ROW, id, values: columns };
}

export function changeHold({ id, version }: Hold, values: HoldChange): RowChange {
  return { op: 'update', kind: HOLD_ROW, id, version, values: values as RowValues };
}

/** A public event with the hold as it is after the move. */
export function holdEvent(
  app: Pick<App, 'config'>,
  type: EventType,
  after: Hold,
  extra: Readonly<Record<string, unknown>> = {},
): NewEvent {
  return {
    book: after.book,
    id: newId('evt', after.book),
    type,
    platform_id: after.platform_id,
    object_id: after.id,
    payment_id: after.payment_id,
    sequence: after.sequence,
    public: true,
    data: { object: renderHold(app, after), ...extra },
  };
}

/** Held money that the wallet gave to the merchant without our asking for it. */
export function releasedByWallet(app: Pick<App, 'clock'>, hold: Hold, amount: bigint): NewPosting {
  return {
    kind: 'posted',
    id: newId('pst', hold.book),
    debit: holdAccount(hold.subject_id),
    credit: merchantAccount(hold.merchant_id),
    amount,
    currency: 'CNY',
    reason: 'released_by_wallet',
    subject_id: hold.payment_id,
    business_at: app.clock.now(),
    fact: true,
  };
}
