import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** What a payment's row says is what its postings, attempts and refunds say. */
const bookedOnce: Law = {
  name: 'payments.booked-once',
  means:
    'A paid payment is booked with its amount, once, at the wallet account that took it; no other payment is booked.',
  violations: sql`
    with booked as (
      select book, subject_id as id, sum(amount) as amount, min(debit_account) as debit,
        min(debit_account) = max(debit_account) as at_one
      from postings where reason = 'payment' and kind = 'posted' group by book, subject_id
    )
    select coalesce(p.id, b.id, 'no payment') as id,
      format('%s: amount %s, booked %s at %s, attempt at %s', coalesce(p.state, 'not there'),
        p.amount, coalesce(b.amount, 0), b.debit, a.wallet_account_id) as detail
    from payments p
    full join booked b on b.book = p.book and b.id = p.id
    left join attempts a on a.book = p.book and a.id = p.succeeded_attempt_id
    where p.id is null
      or coalesce(b.amount, 0) <> case p.state when 'succeeded' then p.amount else 0 end
      or (p.state = 'succeeded'
        and not (b.at_one and b.debit is not distinct from 'wallet:' || a.wallet_account_id))`,
};

const paidByItsAttempt: Law = {
  name: 'payments.paid-by-its-attempt',
  means:
    'A paid payment names its one paid attempt, of its wallet and amount, and no other is paid.',
  violations: sql`
    select p.id, format('paid by %s, which is %s of %s', p.succeeded_attempt_id,
      coalesce(a.state, 'not there'), coalesce(a.payment_id, 'nothing')) as detail
    from payments p left join attempts a on a.book = p.book and a.id = p.succeeded_attempt_id
    where p.state = 'succeeded' and (a.payment_id, a.state, a.amount, a.wallet)
      is distinct from (p.id, 'succeeded', p.amount, p.wallet)
    union all
    select a.id, format('paid, but %s is %s by %s', a.payment_id, coalesce(p.state, 'not there'),
      coalesce(p.succeeded_attempt_id, 'none')) as detail
    from attempts a left join payments p on p.book = a.book and p.id = a.payment_id
    where a.state = 'succeeded' and p.succeeded_attempt_id is distinct from a.id`,
};

const timesFitTheState: Law = {
  name: 'payments.times-fit-the-state',
  means:
    'Paid payments have a wallet and a time of payment, closed ones a reason and a time; others have neither.',
  violations: sql`
    select id, format('%s: wallet %s, paid_at %s, closed_at %s, closing %s for %s', state,
      coalesce(wallet, '-'), coalesce(paid_at::text, '-'), coalesce(closed_at::text, '-'), closing,
      coalesce(close_reason, '-')) as detail
    from payments
    where (state = 'succeeded') <> (paid_at is not null)
      or (state = 'succeeded') <> (wallet is not null)
      or (state = 'closed') <> (closed_at is not null)
      or closing <> (close_reason is not null)
      or (state = 'closed' and not closing)`,
};

const pendingWhileTried: Law = {
  name: 'payments.pending-while-tried',
  means:
    'An open payment is pending while an attempt is live, and only then; a closed one has no attempt that can still be paid.',
  violations: sql`
    with tried as (
      select book, payment_id, count(*) filter (where state <> 'abandoned') as live,
        count(*) as payable
      from attempts where state in ('created', 'presented', 'unknown', 'abandoned')
      group by book, payment_id
    )
    select p.id, format('%s with %s live attempts, %s that can be paid', p.state,
      coalesce(t.live, 0), coalesce(t.payable, 0)) as detail
    from payments p left join tried t on t.book = p.book and t.payment_id = p.id
    where case p.state
      when 'requires_wallet' then coalesce(t.live, 0) > 0
      when 'pending' then coalesce(t.live, 0) <> 1
      when 'closed' then coalesce(t.payable, 0) > 0
      else false end`,
};

const refundTotals: Law = {
  name: 'payments.refund-totals',
  means: 'What a payment has reserved, given back and counted is what its refunds add up to.',
  violations: sql`
    with given as (
      select book, payment_id, count(*) as refunds,
        coalesce(sum(amount) filter (where state <> 'refused'), 0) as reserved,
        coalesce(sum(amount) filter (where state = 'succeeded'), 0) as refunded
      from refunds where origin = 'requested' group by book, payment_id
    )
    select p.id, format('reserved %s, refunded %s, count %s; refunds: %s, %s, %s',
      p.refund_reserved, p.refunded, p.refund_count, coalesce(g.reserved, 0),
      coalesce(g.refunded, 0), coalesce(g.refunds, 0)) as detail
    from payments p left join given g on g.book = p.book and g.payment_id = p.id
    where (p.refund_reserved, p.refunded, p.refund_count) is distinct from
      (coalesce(g.reserved, 0), coalesce(g.refunded, 0), coalesce(g.refunds, 0))`,
};

const merchantOfThePlatform: Law = {
  name: 'payments.merchant-of-the-platform',
  means: 'The merchant of a payment belongs to the payment’s platform.',
  violations: sql`
    select p.id, format('merchant %s of %s, platform %s', p.merchant_id,
      coalesce(m.platform_id, 'nobody'), p.platform_id) as detail
    from payments p left join merchants m on m.id = p.merchant_id
    where m.platform_id is distinct from p.platform_id`,
};

const feesReturnAtMost: Law = {
  name: 'payments.fees-return-at-most',
  means: 'No more of a wallet’s fee comes back on a payment than was taken.',
  violations: sql`
    select coalesce(subject_id, 'no payment') as id,
      format('book %s: taken %s, returned %s', book, taken, returned) as detail
    from (
      select book, subject_id,
        coalesce(sum(amount) filter (where reason = 'wallet_fee_estimate'), 0) as taken,
        coalesce(sum(amount) filter (where reason = 'wallet_fee_returned'), 0) as returned
      from postings where reason in ('wallet_fee_estimate', 'wallet_fee_returned')
      group by book, subject_id
    ) f
    where returned > taken`,
};

const postingsHavePayments: Law = {
  name: 'payments.postings-have-theirs',
  means: 'A posting about a payment is about one that is there.',
  violations: sql`
    select x.id, format('%s of %s, which is not there', x.reason, x.subject_id) as detail
    from postings x left join payments p on p.book = x.book and p.id = x.subject_id
    where starts_with(x.subject_id, 'pay_') and p.id is null`,
};

export const PAYMENT_LAWS: readonly Law[] = [
  bookedOnce,
  paidByItsAttempt,
  timesFitTheState,
  pendingWhileTried,
  refundTotals,
  merchantOfThePlatform,
  feesReturnAtMost,
  postingsHavePayments,
];
