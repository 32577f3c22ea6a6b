import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Money on its way back is reserved until the wallet's definite word, and nobody forgets it. */
const ofItsPayment: Law = {
  name: 'refunds.of-its-payment',
  means: 'A refund gives back what its payment’s own attempt took: the paid one, if asked for.',
  violations: sql`
    select r.id, format('%s of %s: attempt %s of %s, paid by %s', r.origin, r.payment_id,
      r.attempt_id, coalesce(a.payment_id, 'nothing'), coalesce(p.succeeded_attempt_id, 'none'))
      as detail
    from refunds r
    left join payments p on p.book = r.book and p.id = r.payment_id
    left join attempts a on a.book = r.book and a.id = r.attempt_id
    where p.id is null or a.payment_id is distinct from r.payment_id
      or (r.origin = 'requested') <> (p.succeeded_attempt_id is not distinct from r.attempt_id)`,
};

const reservedUntilTheEnd: Law = {
  name: 'refunds.reserved-until-the-end',
  means:
    'A refund reserves its amount, of held money or of its merchant’s, unless it waits for a ' +
    'release; what it reserves is posted when it succeeds, voided when it is refused, and open before.',
  violations: sql`
    with reserved as (
      select r.book, r.id, r.state, r.payment_id, c.reservation_id, c.amount
      from refunds r
      cross join lateral (values
        (r.reservation_id, r.amount - r.from_hold), (r.hold_reservation_id, r.from_hold)
      ) as c (reservation_id, amount)
      where (c.amount <> 0 or c.reservation_id is not null)
        and (r.reservation_id is not null or r.hold_reservation_id is not null
          or r.hold_id is null or r.state not in ('created', 'refused'))
    )
    select r.id, format('%s of %s: reservation %s %s of %s, ended by %s', r.state, r.amount,
      coalesce(r.reservation_id, 'none'), coalesce(x.kind, 'not there'), x.amount,
      coalesce(e.kind, 'nothing')) as detail
    from reserved r
    left join postings x on x.book = r.book and x.id = r.reservation_id
    left join postings e on e.book = r.book and e.ends = r.reservation_id
    where (x.kind, x.amount, x.subject_id) is distinct from ('pending', r.amount, r.payment_id)
      or e.kind is distinct from
        case r.state when 'succeeded' then 'post' when 'refused' then 'void' end`,
};

const reservationsHaveRefunds: Law = {
  name: 'refunds.reservations-have-theirs',
  means: 'Every reservation of a refund is named by exactly that refund.',
  violations: sql`
    with named as (
      select book, reservation_id as id from refunds where reservation_id is not null
      union all
      select book, hold_reservation_id from refunds where hold_reservation_id is not null
    )
    select x.id, format('%s fen of %s (%s) for %s refunds', x.amount, x.subject_id, x.reason,
      count(n.id)) as detail
    from postings x left join named n on n.book = x.book and n.id = x.id
    where x.kind = 'pending' and x.reason in ('refund', 'money_returned')
    group by x.book, x.id, x.amount, x.subject_id, x.reason
    having count(n.id) <> 1`,
};

const neverForgotten: Law = {
  name: 'refunds.never-forgotten',
  means:
    'A refund without an answer has a job that sends it, an accepted one a next question; a final one neither waits nor asks.',
  violations: sql`
    select r.id, format('%s: next question %s, job %s', r.state,
      coalesce(r.next_query_at::text, 'never'), coalesce(j.state, 'none')) as detail
    from refunds r
    left join jobs j on j.book = r.book and j.kind = 'refund.send' and j.key = r.id
    where (r.state in ('created', 'unknown') and j.id is null)
      or (r.state in ('pending', 'succeeded', 'refused', 'needs_action')
        and (r.state = 'pending') <> (r.next_query_at is not null))
      or (r.state = 'succeeded') <> (r.succeeded_at is not null)`,
};

export const REFUND_LAWS: readonly Law[] = [
  ofItsPayment,
  reservedUntilTheEnd,
  reservationsHaveRefunds,
  neverForgotten,
];
