import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Sellers' money: days, what they add up to, and what left for the sellers. */
const daysAddUp: Law = {
  name: 'settlements.add-up',
  means: 'The sums of a settlement are those of its lines.',
  violations: sql`
    with sums as (
      select book, settlement_id as id, count(*) as lines,
        coalesce(sum(amount) filter (where kind = 'gross'), 0) as gross,
        -coalesce(sum(amount) filter (where kind = 'refund'), 0) as refunds,
        -coalesce(sum(amount) filter (where kind = 'wallet_fee'), 0) as wallet_fees,
        -coalesce(sum(amount) filter (where kind = 'platform_fee'), 0) as platform_fees,
        -coalesce(sum(amount) filter (where kind = 'share'), 0) as shares,
        coalesce(sum(amount) filter (where kind = 'adjustment'), 0) as adjustments,
        sum(amount) as net
      from settlement_lines group by book, settlement_id
    )
    select coalesce(s.id, l.id) as id,
      format('gross, refunds, fees of wallet and platform, shares, adjustments, net: %s; lines: %s',
        (s.gross, s.refunds, s.wallet_fees, s.platform_fees, s.shares, s.adjustments, s.net),
        (l.gross, l.refunds, l.wallet_fees, l.platform_fees, l.shares, l.adjustments, l.net)
      ) as detail
    from settlements s full join sums l on l.book = s.book and l.id = s.id
    where (s.line_count::bigint, s.gross::numeric, s.refunds::numeric, s.wallet_fees::numeric,
        s.platform_fees::numeric, s.shares::numeric, s.adjustments::numeric, s.net::numeric)
      is distinct from (l.lines, l.gross, l.refunds, l.wallet_fees, l.platform_fees, l.shares,
        l.adjustments, l.net)`,
};

const linesArePostings: Law = {
  name: 'settlements.lines-are-postings',
  means: 'A line of a settlement is a final posting of its merchant, with its amount.',
  violations: sql`
    select l.posting_id as id, format('%s of %s', l.amount, l.settlement_id) as detail
    from settlement_lines l
    join settlements s on s.book = l.book and s.id = l.settlement_id
    left join postings p on p.book = l.book and p.id = l.posting_id
    where p.kind is null or p.kind not in ('posted', 'post')
      or l.amount is distinct from (case 'merchant:' || s.merchant_id
        when p.credit_account then p.amount when p.debit_account then -p.amount end)`,
};

const fundsAreSettled: Law = {
  name: 'funds.are-settled',
  means:
    'A seller’s funds are what its settlements add up to, and paid out is what left or is leaving.',
  violations: sql`
    with days as (
      select book, merchant_id || '/' || wallet_account_id as id, sum(net) as net
      from settlements where state = 'settled' group by 1, 2
    ), left_for_sellers as (
      select book, merchant_id || '/' || wallet_account_id as id, sum(amount) as amount
      from payouts where state not in ('refused', 'cancelled', 'returned') group by 1, 2
    )
    select coalesce(f.id, d.id, o.id) as id, format('settled %s, paid out %s; days %s, payouts %s',
      f.settled, f.paid_out, coalesce(d.net, 0), coalesce(o.amount, 0)) as detail
    from seller_funds f
    full join days d on d.book = f.book and d.id = f.id
    full join left_for_sellers o on o.book = coalesce(f.book, d.book)
      and o.id = coalesce(f.id, d.id)
    where coalesce(f.settled, 0) <> coalesce(d.net, 0)
      or coalesce(f.paid_out, 0) <> coalesce(o.amount, 0)`,
};

const payoutsAreBooked: Law = {
  name: 'payouts.booked-as-they-are',
  means:
    'A payout on its way has its amount reserved, a paid one has it booked, any other has neither.',
  violations: sql`
    with booked as (
      select book, subject_id as id,
        sum(case kind when 'pending' then amount when 'posted' then 0 else -amount end) as reserved,
        sum(case when kind not in ('posted', 'post') then 0
          when reason = 'payout_returned' then -amount else amount end) as paid
      from postings where reason in ('payout', 'payout_returned') group by book, subject_id
    )
    select coalesce(o.id, b.id) as id, format('%s of %s; reserved %s, paid %s', o.state, o.amount,
      coalesce(b.reserved, 0), coalesce(b.paid, 0)) as detail
    from payouts o full join booked b on b.book = o.book and b.id = o.id
    where o.id is null
      or coalesce(b.reserved, 0) <> case
        when o.state in ('created', 'pending', 'needs_payee', 'unknown') then o.amount else 0 end
      or coalesce(b.paid, 0) <> case o.state when 'succeeded' then o.amount else 0 end`,
};

const cursorsFollow: Law = {
  name: 'settlements.cursors-follow',
  means:
    'A merchant is settled until its last day at least, and no posting before its place in the ledger is left out.',
  violations: sql`
    with days as (
      select book, merchant_id, max(business_date) as last from settlements
      group by book, merchant_id
    ), own as (
      select book, id, substr(debit_account, 10) as merchant_id, credit_account as other,
        position, reason, subject_id
      from postings where kind in ('posted', 'post') and starts_with(debit_account, 'merchant:')
      union all
      select book, id, substr(credit_account, 10), debit_account, position, reason, subject_id
      from postings where kind in ('posted', 'post') and starts_with(credit_account, 'merchant:')
    )
    select d.merchant_id as id, format('a settled day of %s, settled until %s', d.last,
      coalesce(c.settled_to::text, 'never')) as detail
    from days d
    left join settlement_cursors c on c.book = d.book and c.merchant_id = d.merchant_id
    where c.settled_to is null or c.settled_to < d.last
    union all
    select o.merchant_id, format('%s at position %s is not settled; the next is sought from %s',
      o.id, o.position, c.open_from)
    from own o
    join settlement_cursors c on c.book = o.book and c.merchant_id = o.merchant_id
      and o.position < c.open_from
    left join settlement_lines l on l.book = o.book and l.posting_id = o.id
    left join payments p on p.book = o.book and p.id = o.subject_id
    where l.posting_id is null and o.reason not in ('payout', 'payout_returned')
      and (p.succeeded_attempt_id is not null or starts_with(o.other, 'wallet:')
        or starts_with(o.other, 'wallet_fees:') or starts_with(o.other, 'suspense:'))`,
};

export const SETTLEMENT_LAWS: readonly Law[] = [
  daysAddUp,
  linesArePostings,
  fundsAreSettled,
  payoutsAreBooked,
  cursorsFollow,
];
