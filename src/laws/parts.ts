import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Combined orders: several sellers' parts of one payment. */
const makeUpTheirPayment: Law = {
  name: 'parts.make-up-their-payment',
  means: 'The parts of a payment are as many as it says and sum to its amount.',
  violations: sql`
    with own as (
      select book, payment_id as id, count(*) as parts, sum(amount) as amount
      from payment_parts group by book, payment_id
    )
    select coalesce(p.id, o.id) as id, format('%s in %s parts; there are %s of %s', p.amount,
      p.part_count, coalesce(o.parts, 0), coalesce(o.amount, 0)) as detail
    from payments p full join own o on o.book = p.book and o.id = p.id
    where p.id is null or p.part_count <> coalesce(o.parts, 0)
      or (p.part_count > 0 and p.amount <> o.amount)`,
};

const refundTotals: Law = {
  name: 'parts.refund-totals',
  means: 'What a part has reserved and given back is what its refunds add up to.',
  violations: sql`
    with given as (
      select book, part_id as id,
        coalesce(sum(amount) filter (where state <> 'refused'), 0) as reserved,
        coalesce(sum(amount) filter (where state = 'succeeded'), 0) as refunded
      from refunds where origin = 'requested' and part_id is not null group by book, part_id
    )
    select coalesce(p.id, g.id) as id, format('reserved %s, refunded %s; refunds: %s, %s',
      p.refund_reserved, p.refunded, coalesce(g.reserved, 0), coalesce(g.refunded, 0)) as detail
    from payment_parts p full join given g on g.book = p.book and g.id = p.id
    where (p.refund_reserved, p.refunded)
      is distinct from (coalesce(g.reserved, 0)::bigint, coalesce(g.refunded, 0)::bigint)`,
};

const presentedWhole: Law = {
  name: 'parts.presented-whole',
  means:
    'A combined attempt presents every part of its payment at its wallet account, with its amount.',
  violations: sql`
    select a.id, format('%s parts at the wallet, %s in the payment', count(w.part_id),
      count(distinct p.id)) as detail
    from attempts a
    join payment_parts p on p.book = a.book and p.payment_id = a.payment_id
    left join attempt_parts w on w.book = a.book and w.attempt_id = a.id and w.part_id = p.id
      and w.amount = p.amount and w.wallet_account_id = a.wallet_account_id
    group by a.book, a.id, a.combined
    having not a.combined or count(w.part_id) <> count(distinct p.id)`,
};

export const PART_LAWS: readonly Law[] = [makeUpTheirPayment, refundTotals, presentedWhole];
