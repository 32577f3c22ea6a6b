import type { App } from '../app.ts';
import type { EventType, NewEvent, StepType } from '../events.ts';
import { newId } from '../ids.ts';
import type { Move, RowChange, RowKind, RowValues } from '../ledger/ledger.ts';
import type { WalletTrace } from '../wallets/wallet.ts';
import type { Attempt, Payment } from './payment.ts';
import { renderPayment } from './render.ts';

/** Building blocks of moves on payments: row changes and the events that tell of them. */
const PAYMENT_ROW: RowKind = {
  table: 'payments',
  columns: {
    sequence: 'integer',
    state: 'text',
    closing: 'boolean',
    close_reason: 'text',
    succeeded_attempt_id: 'text',
    wallet: 'text',
    refund_reserved: 'bigint',
    refunded: 'bigint',
    refund_count: 'integer',
    paid_at: 'timestamptz',
    closed_at: 'timestamptz',
  },
};

const ATTEMPT_ROW: RowKind = {
  table: 'attempts',
  columns: {
    payment_id: 'text',
    wallet: 'text',
    wallet_account_id: 'text',
    presentation: 'text',
    state: 'text',
    wallet_reference: 'text',
    sub_merchant: 'text',
    combined: 'boolean',
    amount: 'bigint',
    presentation_data: 'jsonb',
    refusal: 'jsonb',
    wallet_transaction_id: 'text',
    payer_paid: 'bigint',
    coupons: 'jsonb',
    expires_at: 'timestamptz',
    returned: 'bigint',
    next_query_at: 'timestamptz',
    queries: 'integer',
    created_at: 'timestamptz',
    paid_at: 'timestamptz',
  },
};

const WALLET_CALL_ROW: RowKind = {
  table: 'wallet_calls',
  columns: {
    payment_id: 'text',
    attempt_id: 'text',
    wallet: 'text',
    operation: 'text',
    outcome: 'text',
    trace: 'jsonb',
  },
};

export type MoveParts = Omit<Move, 'book'>;

export const NOTHING: MoveParts = { rows: [], postings: [], events: [], jobs: [] };

export function joinParts(...parts: readonly MoveParts[]): MoveParts {
  return {
    rows: parts.flatMap((part) => part.rows),
    postings: parts.flatMap((part) => part.postings),
    events: parts.flatMap((part) => part.events),
    jobs: parts.flatMap((part) => part.jobs),
    keys: parts.flatMap((part) => part.keys ?? []),
  };
}

type Changed<T> = Partial<{ -readonly [K in keyof T]: T[K] }>;

export function changePayment(payment: Payment, values: Changed<Payment>): RowChange {
  const { id, version } = payment;
  return { op: 'update', kind: PAYMENT_ROW, id, version, values: values as RowValues };
}

export function changeAttempt(
  attempt: Attempt,
  values: Changed<Attempt> & { next_query_at?: Date | null },
): RowChange {
  const { id, version } = attempt;
  return { op: 'update', kind: ATTEMPT_ROW, id, version, values: values as RowValues };
}

export function insertAttempt(attempt: Attempt, next_query_at: Date): RowChange {
  const { book: _book, id, version: _version, ...columns } = attempt;
  return { op: 'insert', kind: ATTEMPT_ROW, id, values: { ...columns, next_query_at } };
}

export function recordCall(
  attempt: Pick<Attempt, 'book' | 'id' | 'payment_id' | 'wallet'>,
  outcome: string,
  trace: WalletTrace,
): RowChange {
  const values = {
    payment_id: attempt.payment_id,
    attempt_id: attempt.id,
    wallet: attempt.wallet,
    operation: trace.operation,
    outcome,
    trace,
  };
  return { op: 'insert', kind: WALLET_CALL_ROW, id: newId('cal', attempt.book), values };
}

/** A public event with the payment as it is after the move; it never carries the checkout token. */
export function paymentEvent(
  app: Pick<App, 'vault' | 'public_url' | 'config'>,
  type: EventType,
  after: Payment,
  extra: Readonly<Record<string, unknown>> = {},
): NewEvent {
  return {
    book: after.book,
    id: newId('evt', after.book),
    type,
    platform_id: after.platform_id,
    object_id: after.id,
    payment_id: after.id,
    sequence: after.sequence,
    public: true,
    data: { object: { ...renderPayment(app, after), checkout_url: null }, ...extra },
  };
}

/** A step that only the timeline shows. */
export function step(
  payment: Pick<Payment, 'book' | 'id' | 'platform_id'>,
  type: StepType,
  data: Readonly<Record<string, unknown>>,
): NewEvent {
  return {
    book: payment.book,
    id: newId('evt', payment.book),
    type,
    platform_id: payment.platform_id,
    object_id: payment.id,
    payment_id: payment.id,
    sequence: 0,
    public: false,
    data,
  };
}
