import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** What we tell shops: events numbered and sealed without a gap, deliveries that are made. */
const numberedOnce: Law = {
  name: 'events.numbered-once',
  means: 'No two public events of one object have the same sequence.',
  violations: sql`
    select object_id as id, format('sequence %s: %s events', sequence, count(*)) as detail
    from events where public group by book, object_id, sequence having count(*) > 1`,
};

const ofAPaymentGapless: Law = {
  name: 'events.of-a-payment-are-gapless',
  means: 'The public events of a payment are numbered from 1 to the sequence that its row says.',
  violations: sql`
    with told as (
      select book, object_id as id, count(*) as events, min(sequence) as first, max(sequence) as last
      from events where public and starts_with(object_id, 'pay_') group by book, object_id
    )
    select coalesce(p.id, t.id) as id, format('sequence %s; %s events from %s to %s',
      coalesce(p.sequence::text, 'of no payment'), coalesce(t.events, 0), t.first, t.last) as detail
    from payments p full join told t on t.book = p.book and t.id = p.id
    where p.id is null
      or (coalesce(t.events, 0), coalesce(t.first, 1), coalesce(t.last, 0))
        is distinct from (p.sequence::bigint, 1, p.sequence)`,
};

const tellTheEnd: Law = {
  name: 'events.tell-the-end',
  means: 'The end of every payment, and of every refund that was asked for, is told by one event.',
  violations: sql`
    with told as (
      select book, object_id as id, count(*) filter (where type like '%.succeeded') as succeeded,
        count(*) filter (where type in ('payment.closed', 'refund.refused')) as ended
      from events where public
        and type in ('payment.succeeded', 'payment.closed', 'refund.succeeded', 'refund.refused')
      group by book, object_id
    ), objects as (
      select book, id, state from payments
      union all
      select book, id, case when origin <> 'requested' and state = 'succeeded' then 'returned'
        else state end from refunds
    )
    select o.id, format('%s: told %s times that it succeeded, %s times that it ended', o.state,
      coalesce(t.succeeded, 0), coalesce(t.ended, 0)) as detail
    from objects o left join told t on t.book = o.book and t.id = o.id
    where (coalesce(t.succeeded, 0), coalesce(t.ended, 0)) is distinct from
      ((o.state = 'succeeded')::int::bigint, (o.state in ('closed', 'refused'))::int::bigint)`,
};

const positionsGapless: Law = {
  name: 'events.positions-are-gapless',
  means: 'The positions of the feed run from 1 without a gap in every book, on public events only.',
  violations: sql`
    select id, format('book %s: position %s follows %s%s', book, position, before,
      case when public then '' else ', not public' end) as detail
    from (
      select book, id, public, position,
        lag(position, 1, 0::bigint) over (partition by book order by position) as before
      from events where position is not null
    ) e
    where position <> before + 1 or not public`,
};

const eventsHavePayments: Law = {
  name: 'events.of-a-payment',
  means: 'The payment on whose timeline an event is shown is there, on the same platform.',
  violations: sql`
    select e.id, format('%s of %s', e.type, e.payment_id) as detail
    from events e left join payments p on p.book = e.book and p.id = e.payment_id
    where e.payment_id is not null and p.platform_id is distinct from e.platform_id`,
};

const deliveriesHaveEvents: Law = {
  name: 'deliveries.of-a-public-event',
  means: 'A webhook delivers a public event of its own platform.',
  violations: sql`
    select d.id, format('of %s', d.event_id) as detail
    from deliveries d left join events e on e.book = d.book and e.id = d.event_id
    where (e.public, e.platform_id) is distinct from (true, d.platform_id)`,
};

const madeOrQueued: Law = {
  name: 'deliveries.made-or-queued',
  means:
    'A delivery was made at a time that is known, was given up, or has a job that will make it.',
  violations: sql`
    select d.id, format('%s: delivered %s, job %s', d.state,
      coalesce(d.delivered_at::text, 'never'), coalesce(j.state, 'none')) as detail
    from deliveries d
    left join jobs j on j.book = d.book and j.kind = 'webhook.deliver' and j.key = d.id
    where (d.state = 'pending' and j.id is null)
      or (d.state = 'delivered') <> (d.delivered_at is not null)`,
};

export const OUTBOX_LAWS: readonly Law[] = [
  numberedOnce,
  ofAPaymentGapless,
  tellTheEnd,
  positionsGapless,
  eventsHavePayments,
  deliveriesHaveEvents,
  madeOrQueued,
];
