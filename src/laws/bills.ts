import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Closed days of wallets' bills, and the fees that they corrected. */
const closedDaysTie: Law = {
  name: 'bills.closed-days-tie',
  means: 'A closed day has a report in which bill, books and breaks fit to the fen.',
  violations: sql`
    select id, format('%s %s: payments %s, refunds %s, fees %s, net %s, splits %s, payouts %s', wallet_account_id, date,
      coalesce(report->'payments'->>'difference', 'none'), report->'refunds'->>'difference',
      report->'fees'->>'difference', report->'net'->>'difference',
      coalesce(report->'splits'->>'difference', 'none'),
      coalesce(report->'payouts'->>'difference', 'none')) as detail
    from bills
    where state = 'closed' and (report->'payments'->>'difference', report->'refunds'->>'difference',
      report->'fees'->>'difference', report->'net'->>'difference',
      coalesce(report->'splits'->>'difference', '0'),
      coalesce(report->'payouts'->>'difference', '0'))
      is distinct from ('0', '0', '0', '0', '0', '0')`,
};

const breaksHaveBills: Law = {
  name: 'breaks.of-a-bill',
  means: 'The bill that a break came from is of the break’s wallet account.',
  violations: sql`
    select b.id, format('%s at %s from %s', b.kind, b.wallet_account_id, b.bill_id) as detail
    from breaks b left join bills d on d.id = b.bill_id
    where b.bill_id is not null and d.wallet_account_id is distinct from b.wallet_account_id`,
};

const batchesAddUp: Law = {
  name: 'fees.batches-add-up',
  means:
    'A batch of corrected fees has as many corrections as it says, and is what they add up to.',
  violations: sql`
    with sums as (
      select book, batch_id as id, count(*) as lines, sum(billed - booked) as amount
      from fee_corrections group by book, batch_id
    )
    select coalesce(b.id, s.id) as id, format('%s in %s lines; there are %s of %s', b.amount,
      b.lines, coalesce(s.lines, 0), coalesce(s.amount, 0)) as detail
    from fee_batches b full join sums s on s.book = b.book and s.id = b.id
    where (b.lines::bigint, b.amount::numeric) is distinct from (s.lines, s.amount)`,
};

const batchesArePosted: Law = {
  name: 'fees.batches-are-posted',
  means: 'What a merchant’s posted batches of a bill add up to is what that bill has posted to it.',
  violations: sql`
    with batches as (
      select book, bill_id, merchant_id, sum(amount) as amount
      from fee_batches where state = 'posted' group by book, bill_id, merchant_id
    ), entries as (
      select book, subject_id as bill_id, amount,
        substr(case when starts_with(debit_account, 'merchant:') then debit_account
          else credit_account end, length('merchant:') + 1) as merchant_id,
        starts_with(debit_account, 'merchant:') as more
      from postings where reason = 'wallet_fee_correction' and kind = 'posted'
    ), booked as (
      select book, bill_id, merchant_id, sum(case when more then amount else -amount end) as amount
      from entries group by book, bill_id, merchant_id
    )
    select coalesce(b.bill_id, p.bill_id) as id, format('%s: batches %s, postings %s',
      coalesce(b.merchant_id, p.merchant_id), coalesce(b.amount, 0), coalesce(p.amount, 0)) as detail
    from batches b full join booked p
      on p.book = b.book and p.bill_id = b.bill_id and p.merchant_id = b.merchant_id
    where coalesce(b.amount, 0) <> coalesce(p.amount, 0)`,
};

const correctionsHaveTheirs: Law = {
  name: 'fees.corrections-have-theirs',
  means:
    'A corrected fee is of an attempt, a part or a refund of its payment, at the wallet account and for the merchant of its batch.',
  violations: sql`
    with named as (
      select c.book, c.subject_id, c.payment_id, b.wallet_account_id, b.merchant_id
      from fee_corrections c join fee_batches b on b.book = c.book and b.id = c.batch_id
    ), subjects as (
      select book, id, payment_id, wallet_account_id, null as part_id from attempts
      union all
      select book, wallet_reference, payment_id, wallet_account_id, part_id from attempt_parts
      union all
      select r.book, r.id, r.payment_id, a.wallet_account_id, r.part_id
      from refunds r join attempts a on a.book = r.book and a.id = r.attempt_id
    )
    select n.subject_id as id, format('of %s for %s at %s', n.payment_id, n.merchant_id,
      n.wallet_account_id) as detail
    from named n
    left join subjects s on s.book = n.book and s.id = n.subject_id
    left join payments p on p.book = n.book and p.id = n.payment_id
    left join payment_parts part on part.book = n.book and part.id = s.part_id
    where (s.payment_id, s.wallet_account_id, coalesce(part.merchant_id, p.merchant_id))
      is distinct from (n.payment_id, n.wallet_account_id, n.merchant_id)`,
};

export const BILL_LAWS: readonly Law[] = [
  closedDaysTie,
  breaksHaveBills,
  batchesAddUp,
  batchesArePosted,
  correctionsHaveTheirs,
];
