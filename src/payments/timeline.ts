import type { App } from '../app.ts';
import { fragment, sql } from '../db/pool.ts';
import type { Payment } from './payment.ts';

/**
 * Everything that happened to a payment, oldest first: its steps and events, every request to a
 * wallet with its answer, every notification, posting and webhook. It is read from the rows that
 * are the truth, never written apart.
 */
export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly kind:
    | 'event'
    | 'step'
    | 'wallet_call'
    | 'notification'
    | 'posting'
    | 'webhook'
    | 'break';
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface TimelineRow {
  id: string;
  at: Date;
  kind: TimelineEntry['kind'];
  what: string;
  detail: Record<string, unknown>;
}

export const MAX_ENTRIES = 1_000;

/** What a row of each kind shows, in the timeline of whatever it belongs to. */
export const SHOWN_EVENT = fragment`
  id, created_at as at, case when public then 'event' else 'step' end as kind, type as what,
  case when public then jsonb_build_object('object', object_id, 'sequence', sequence,
    'state', data -> 'object' -> 'state')
    else data end as detail
`;
export const SHOWN_NOTIFICATION = fragment`
  id, received_at, 'notification', wallet || ' ' || fact_state,
  jsonb_build_object('wallet', wallet, 'outcome', outcome, 'processed_at', processed_at,
    'message', masked)
`;
export const SHOWN_POSTING = fragment`
  id, created_at, 'posting', reason,
  jsonb_build_object('kind', kind, 'debit', debit_account, 'credit', credit_account,
    'amount', amount, 'currency', currency)
`;
/** Of `deliveries d` with its `events e`. */
export const SHOWN_WEBHOOK = fragment`
  d.id, d.created_at, 'webhook', e.type,
  jsonb_build_object('endpoint', d.endpoint_id, 'event', d.event_id, 'state', d.state,
    'tries', d.tries, 'last_status', d.last_status, 'last_error', d.last_error,
    'delivered_at', d.delivered_at)
`;

export async function timelineOf(app: App, payment: Payment): Promise<TimelineEntry[]> {
  const { book, id } = payment;
  const rows = await app.db.query<TimelineRow>(sql`
    select * from (
      select ${SHOWN_EVENT}
      from events where book = ${book} and payment_id = ${id}
      union all
      select id, created_at, 'wallet_call', operation,
        jsonb_build_object('wallet', wallet, 'attempt', attempt_id, 'outcome', outcome) || trace
      from wallet_calls where book = ${book} and payment_id = ${id}
      union all
      select ${SHOWN_NOTIFICATION}
      from notifications where book = ${book} and payment_id = ${id}
      union all
      select ${SHOWN_POSTING}
      from postings where book = ${book} and subject_id = ${id}
      union all
      select ${SHOWN_WEBHOOK}
      from deliveries d join events e on e.book = d.book and e.id = d.event_id
      where d.book = ${book} and d.payment_id = ${id}
      union all
      select id, created_at, 'break', kind, detail
      from breaks where book = ${book} and payment_id = ${id}
    ) t order by at, id limit ${MAX_ENTRIES}`);
  return rows.map(toEntry);
}

export function toEntry(row: TimelineRow): TimelineEntry {
  return { ...row, at: row.at.toISOString() };
}
