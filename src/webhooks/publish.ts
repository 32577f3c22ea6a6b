import { type Queryable, sql } from '../db/pool.ts';
import { columnJson } from '../db/storable.ts';
import type { NewEvent } from '../events.ts';

/**
 * Writes events and, for the public ones, a delivery and its job for every enabled endpoint of the
 * platform that wants the type: one statement for a whole batch, part of the caller's transaction.
 * The caller wakes the jobs engine after its commit.
 *
 * Ids of deliveries and jobs are made here, from the event's id: its first random character gives
 * way to the ordinal of the endpoint, so the id keeps its form, its book and its time.
 */
export async function publishEvents(tx: Queryable, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(sql`
    with published as (
      insert into events
        (book, id, type, platform_id, object_id, payment_id, sequence, public, data)
      select r.book, r.id, r.type, r.platform_id, r.object_id, r.payment_id, r.sequence, r.public,
        r.data
      from jsonb_to_recordset(${columnJson(events)}::jsonb) as r
        (book smallint, id text, type text, platform_id text, object_id text, payment_id text,
         sequence int, public boolean, data jsonb)
      returning book, id, type, platform_id, payment_id, public
    ), addressed as (
      select e.book, e.id as event_id, e.platform_id, e.payment_id, w.id as endpoint_id,
        substr(e.id, 5, 12)
          || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
               row_number() over (partition by e.book, e.id order by w.id)::int, 1)
          || substr(e.id, 18) as body
      from published e
      join webhook_endpoints w on w.platform_id = e.platform_id and w.state = 'enabled'
        and (w.event_types = '{}' or e.type = any(w.event_types))
      where e.public
    ), delivered as (
      insert into deliveries
        (book, id, event_id, endpoint_id, platform_id, payment_id, state, next_at)
      select book, 'dlv_' || body, event_id, endpoint_id, platform_id, payment_id, 'pending', now()
      from addressed
    )
    insert into jobs (book, id, kind, key, payload)
    select book, 'job_' || body, 'webhook.deliver', 'dlv_' || body, '{}'
    from addressed`);
}
