import type { App } from '../app.ts';
import { sql } from '../db/pool.ts';
import {
  MAX_ENTRIES,
  SHOWN_EVENT,
  SHOWN_NOTIFICATION,
  SHOWN_POSTING,
  SHOWN_WEBHOOK,
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
      select ${SHOWN_EVENT}
      from events where book = ${book} and object_id = ${id} and payment_id is null
      union all
      select id, created_at, 'wallet_call', operation,
        jsonb_build_object('wallet', wallet, 'outcome', outcome) || trace
      from wallet_calls where book = ${book} and payout_id = ${id}
      union all
      select ${SHOWN_NOTIFICATION}
      from notifications where book = ${book} and wallet_account_id = ${wallet_account_id}
        and fact_id = ${wallet_payout_id}
        and content ->> 'about' in ('payout', 'withdrawal')
      union all
      select ${SHOWN_POSTING}
      from postings where book = ${book} and subject_id = ${id}
      union all
      select ${SHOWN_WEBHOOK}
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
