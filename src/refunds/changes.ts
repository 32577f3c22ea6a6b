import type { App } from '../app.ts';
import type { EventType, NewEvent } from '../events.ts';
import { newId } from '../ids.ts';
import type { RowChange, RowKind, RowValues } from '../ledger/ledger.ts';
import type { Payment } from '../payments/payment.ts';
import type { Refund } from './refund.ts';
import { renderRefund } from './render.ts';

/** Building blocks of moves on refunds. */
const REFUND_ROW: RowKind = {
  table: 'refunds',
  columns: {
    payment_id: 'text',
    attempt_id: 'text',
    state: 'text',
    origin: 'text',
    amount: 'bigint',
    currency: 'text',
    reason: 'text',
    reference: 'text',
    refund_reference: 'text',
    wallet_refund_id: 'text',
    refusal: 'jsonb',
    reservation_id: 'text',
    part_id: 'text',
    hold_id: 'text',
    from_hold: 'bigint',
    hold_reservation_id: 'text',
    metadata: 'jsonb',
    next_query_at: 'timestamptz',
    created_at: 'timestamptz',
    succeeded_at: 'timestamptz',
  },
};

type Changed<T> = Partial<{ -readonly [K in keyof T]: T[K] }>;

export function insertRefund(refund: Refund): RowChange {
  const { book: _book, id, version: _version, ...columns } = refund;
  return { op: 'insert', kind: REFUND_ROW, id, values: columns };
}

export function changeRefund(
  refund: Refund,
  values: Changed<Refund> & { next_query_at?: Date | null },
): RowChange {
  const { id, version } = refund;
  return { op: 'update', kind: REFUND_ROW, id, version, values: values as RowValues };
}

export function refundEvent(
  app: Pick<App, 'config'>,
  type: EventType,
  payment: Payment,
  refund: Refund,
  sequence: number,
): NewEvent {
  return {
    book: refund.book,
    id: newId('evt', refund.book),
    type,
    platform_id: payment.platform_id,
    object_id: refund.id,
    payment_id: payment.id,
    sequence,
    public: true,
    data: { object: renderRefund(app, refund) },
  };
}
