import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Held money is in an account of its own until somebody has it. */
const haveWhatTheySay: Law = {
  name: 'holds.have-what-they-say',
  means:
    'A hold’s account has what is neither released, shared nor returned, with what is reserved; nothing when it is closed.',
  violations: sql`
    select h.id, format('%s: %s less %s, %s, %s, reserved %s; account %s, pending %s', h.state,
      h.amount, h.released, h.shared, h.returned, h.reserved,
      coalesce(a.credits_posted - a.debits_posted, 0), coalesce(a.debits_pending, 0)) as detail
    from holds h
    left join ledger_accounts a on a.book = h.book and a.id = 'hold:' || h.subject_id
    where coalesce(a.credits_posted - a.debits_posted, 0)
        <> h.amount - h.released - h.shared - h.returned
      or coalesce(a.debits_pending, 0) <> h.reserved
      or (h.closed_at is not null and h.amount <> h.released + h.shared + h.returned)`,
};

const accountsHaveHolds: Law = {
  name: 'holds.accounts-have-theirs',
  means: 'An account that ever held money of a payment belongs to its hold.',
  violations: sql`
    select a.id, format('book %s: no hold', a.book) as detail
    from ledger_accounts a
    left join holds h on h.book = a.book and a.id = 'hold:' || h.subject_id
    where starts_with(a.id, 'hold:') and a.entries > 0 and h.id is null`,
};

const ofAPaidAttempt: Law = {
  name: 'holds.of-a-paid-attempt',
  means: 'A hold is of a paid payment of its platform, taken by the attempt that paid it.',
  violations: sql`
    select h.id, format('%s by %s; paid by %s', h.payment_id, h.attempt_id,
      coalesce(p.succeeded_attempt_id, 'none')) as detail
    from holds h left join payments p on p.book = h.book and p.id = h.payment_id
    where (p.succeeded_attempt_id, p.platform_id) is distinct from (h.attempt_id, h.platform_id)`,
};

const toldGapless: Law = {
  name: 'holds.told-gapless',
  means: 'The public events of a hold are numbered from 1 to the sequence that its row says.',
  violations: sql`
    with told as (
      select book, object_id as id, count(*) as events, max(sequence) as last
      from events where public and starts_with(object_id, 'hld_') group by book, object_id
    )
    select coalesce(h.id, t.id) as id, format('sequence %s; %s events up to %s',
      coalesce(h.sequence::text, 'of no hold'), coalesce(t.events, 0), t.last) as detail
    from holds h full join told t on t.book = h.book and t.id = h.id
    where h.id is null
      or (coalesce(t.events, 0), coalesce(t.last, 0)) is distinct from (h.sequence::bigint, h.sequence)`,
};

const reservedByRequests: Law = {
  name: 'holds.reserved-by-requests',
  means: 'What a hold has reserved is what its open requests and refunds ask for.',
  violations: sql`
    with asked as (
      select book, hold_id, amount from split_orders
      where kind <> 'return' and state in ('created', 'pending', 'unknown')
      union all
      select book, hold_id, from_hold from refunds
      where hold_id is not null and state not in ('succeeded', 'refused')
    ), sums as (
      select book, hold_id, sum(amount) as amount from asked group by book, hold_id
    )
    select h.id, format('reserved %s, asked for %s', h.reserved, coalesce(s.amount, 0)) as detail
    from holds h left join sums s on s.book = h.book and s.hold_id = h.id
    where h.reserved <> coalesce(s.amount, 0)`,
};

const splitsAddUp: Law = {
  name: 'splits.add-up',
  means: 'A request about held money is of its hold’s payment, and its parts are its amount.',
  violations: sql`
    select s.id, format('%s of %s at %s: %s, parts %s', s.kind, s.payment_id, s.hold_id, s.amount,
      p.amount) as detail
    from split_orders s
    left join holds h on h.book = s.book and h.id = s.hold_id
    cross join lateral (
      select coalesce(sum((part->>'amount')::bigint), 0)
        + case when s.merchant_reservation_id is null then 0 else s.merchant_amount end as amount
      from jsonb_array_elements(s.parts) part
    ) p
    where h.payment_id is distinct from s.payment_id or s.amount <> p.amount`,
};

const splitsReserve: Law = {
  name: 'splits.reserved-until-the-end',
  means:
    'Each part of a request is reserved while it is open; then it is posted, or voided if that part was refused.',
  violations: sql`
    with reserved as (
      select s.book, s.id, s.state, part->>'reservation_id' as reservation_id,
        (part->>'amount')::bigint as amount, part->>'state' = 'refused' as refused
      from split_orders s cross join lateral jsonb_array_elements(s.parts) part
      union all
      select book, id, state, merchant_reservation_id, merchant_amount, false
      from split_orders where merchant_reservation_id is not null
    )
    select r.id, format('%s: reservation %s %s of %s, ended by %s', r.state, r.reservation_id,
      coalesce(x.kind, 'not there'), r.amount, coalesce(e.kind, 'nothing')) as detail
    from reserved r
    left join postings x on x.book = r.book and x.id = r.reservation_id
    left join postings e on e.book = r.book and e.ends = r.reservation_id
    where (x.kind, x.amount) is distinct from ('pending', r.amount)
      or e.kind is distinct from case
        when r.state = 'refused' or (r.state = 'finished' and r.refused) then 'void'
        when r.state = 'finished' then 'post' end`,
};

const sharesReach: Law = {
  name: 'splits.reach-their-receivers',
  means: 'Receivers were given, in the ledger, what finished requests say that each of them got.',
  violations: sql`
    with asked as (
      select s.book, s.payment_id, case part->>'role' when 'platform'
          then 'platform:' || h.platform_id else 'receiver:' || (part->>'receiver') end as account,
        sum((part->>'amount')::bigint) as amount
      from split_orders s
      join holds h on h.book = s.book and h.id = s.hold_id
      cross join lateral jsonb_array_elements(s.parts) part
      where s.kind <> 'return' and s.state = 'finished' and part->>'receiver' is not null
        and part->>'state' = 'succeeded'
      group by 1, 2, 3
    ), given as (
      select book, subject_id as payment_id, credit_account as account, sum(amount) as amount
      from postings where reason = 'share_given' and kind = 'posted' group by 1, 2, 3
    )
    select coalesce(a.payment_id, g.payment_id) as id, format('%s: got %s, in the ledger %s',
      coalesce(a.account, g.account), coalesce(a.amount, 0), coalesce(g.amount, 0)) as detail
    from asked a full join given g using (book, payment_id, account)
    where coalesce(a.amount, 0) <> coalesce(g.amount, 0)`,
};

export const HOLD_LAWS: readonly Law[] = [
  haveWhatTheySay,
  accountsHaveHolds,
  ofAPaidAttempt,
  toldGapless,
  reservedByRequests,
  splitsAddUp,
  splitsReserve,
  sharesReach,
];
