import type { App } from '../app.ts';
import { sql } from '../db/pool.ts';
import {
  MAX_ENTRIES,
  type TimelineEntry,
  type TimelineRow,
  toEntry,
} from '../payments/timeline.ts';
import type { Payout } from './payout.ts';

/** Everything that happened to a payout, oldest first, read from the rows that are the truth. */
export async function payoutTimeline(app: App, payout: Payout): Promise<TimelineEntry[]> {
  const { book, id, wallet_account_id, wallet_payout_id, payout_reference } = payout;
  const rows = await app.db.query<TimelineRow>(sql`
    select * from (
      select id, created_at as at, case when public then 'event' else 'step' end as kind,
        type as what,
        case when public then jsonb_build_object('object', object_id, 'sequence', sequence,
          'state', data -> 'object' -> 'state')
          else data end as detail
      from events where book = ${book} and object_id = ${id} and payment_id is null
      union all
      select id, created_at, 'wallet_call', operation,
        jsonb_build_object('wallet', wallet, 'outcome', outcome) || trace
      from wallet_calls where book = ${book} and payout_id = ${id}
      union all
      select id, received_at, 'notification', wallet || ' ' || fact_state,
        jsonb_build_object('wallet', wallet, 'outcome', outcome, 'processed_at', processed_at,
          'message', masked)
      from notifications where book = ${book} and wallet_account_id = ${wallet_account_id}
        and fact_id = ${wallet_payout_id}
        and content ->> 'about' in ('payout', 'withdrawal')
      union all
      select id, created_at, 'posting', reason,
        jsonb_build_object('kind', kind, 'debit', debit_account, 'credit', credit_account,
          'amount', amount, 'currency', currency)
      from postings where book = ${book} and subject_id = ${id}
      union all
      select d.id, d.created_at, 'webhook', e.type,
        jsonb_build_object('endpoint', d.endpoint_id, 'event', d.event_id, 'state', d.state,
          'tries', d.tries, 'last_status', d.last_status, 'last_error', d.last_error,
          'delivered_at', d.delivered_at)
      from events e join deliveries d on d.book = e.book and d.event_id = e.id
      where e.book = ${book} and e.object_id = ${id} and e.payment_id is null
        and d.payment_id is null
      union all
      select id, created_at, 'break', kind, detail
      from breaks where book = ${book} and wallet_account_id = ${wallet_account_id}
        and about = 'payout' and subject = ${payout_reference}
    ) t order by at, id limit ${MAX_ENTRIES}`);
  return rows.map(toEntry);
}
