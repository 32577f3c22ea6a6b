import type { App } from '../app.ts';
import type { EventType, NewEvent } from '../events.ts';
import { newId } from '../ids.ts';
import type { RowChange, RowKind, RowValues } from '../ledger/ledger.ts';
import { renderSplit } from './render.ts';
import type { SplitOrder } from './split-order.ts';

/** Building blocks of moves on requests about held money. */
const SPLIT_ROW: RowKind = {
  table: 'split_orders',
  columns: {
    hold_id: 'text',
    payment_id: 'text',
    kind: 'text',
    state: 'text',
    why: 'text',
    split_reference: 'text',
    wallet_split_id: 'text',
    amount: 'bigint',
    merchant_amount: 'bigint',
    merchant_reservation_id: 'text',
    parts: 'jsonb',
    release_rest: 'boolean',
    refund_id: 'text',
    returns_id: 'text',
    refusal: 'jsonb',
    next_query_at: 'timestamptz',
    created_at: 'timestamptz',
    finished_at: 'timestamptz',
  },
};

type Changed<T> = Partial<{ -readonly [K in keyof T]: T[K] }>;

export function insertSplit(order: SplitOrder, next_query_at: Date | null): RowChange {
  const { book: _book, id, version: _version, ...columns } = order;
  return {
    op: 'insert',
    kind: SPLIT_ROW,
    id,
    values: { ...columns, parts: partsRow(order.parts), next_query_at },
  };
}

export function changeSplit(
  { id, version }: SplitOrder,
  values: Changed<SplitOrder> & { next_query_at?: Date | null },
): RowChange {
  const { parts, ...columns } = values;
  const row = { ...columns, ...(parts === undefined ? {} : { parts: partsRow(parts) }) };
  return { op: 'update', kind: SPLIT_ROW, id, version, values: row as RowValues };
}

/** Amounts are texts in JSON. */
function partsRow(parts: SplitOrder['parts']): object {
  return parts.map((part) => ({ ...part, amount: part.amount.toString() }));
}

export function splitEvent(
  app: Pick<App, 'config'>,
  type: EventType,
  platform_id: string,
  after: SplitOrder,
): NewEvent {
  return {
    book: after.book,
    id: newId('evt', after.book),
    type,
    platform_id,
    object_id: after.id,
    payment_id: after.payment_id,
    sequence: 1,
    public: true,
    data: { object: renderSplit(app, after) },
  };
}
