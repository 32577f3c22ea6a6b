import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Law 6: what a wallet said was stored, and is handled once. */
const processedOrQueued: Law = {
  name: 'notifications.processed-or-queued',
  means: 'A stored notification has been processed, with an outcome, or has a job that will do it.',
  violations: sql`
    select n.id, format('%s %s: processed %s, outcome %s, job %s', n.fact_id, n.fact_state,
      coalesce(n.processed_at::text, 'never'), coalesce(n.outcome, 'none'),
      coalesce(j.state, 'none')) as detail
    from notifications n
    left join jobs j on j.book = n.book and j.kind = 'notification.process' and j.key = n.id
    where (n.processed_at is null and j.id is null)
      or (n.processed_at is null) <> (n.outcome is null)`,
};

const notificationsHavePayments: Law = {
  name: 'notifications.of-a-payment',
  means: 'The payment that a notification turned out to be about is there.',
  violations: sql`
    select n.id, format('about %s, which is not there', n.payment_id) as detail
    from notifications n left join payments p on p.book = n.book and p.id = n.payment_id
    where n.payment_id is not null and p.id is null`,
};

const breaksHavePayments: Law = {
  name: 'breaks.of-a-payment',
  means: 'A break is at a wallet account that is there, and so is the payment it names.',
  violations: sql`
    select b.id, format('%s at %s about %s', b.kind, b.wallet_account_id,
      coalesce(b.payment_id, 'no payment')) as detail
    from breaks b
    left join wallet_accounts w on w.id = b.wallet_account_id
    left join payments p on p.book = b.book and p.id = b.payment_id
    where w.id is null or (b.payment_id is not null and p.id is null)`,
};

const unknownMoneyHasABreak: Law = {
  name: 'breaks.unknown-money',
  means:
    'What lies in suspense, for orders that nobody knew or lines listed twice, is named by breaks, to the fen.',
  violations: sql`
    with moved as (
      select book, substr(credit_account, length('suspense:') + 1) as account, amount
      from postings where kind = 'posted' and (reason = 'unknown_order'
        or reason = 'bill_difference' and credit_account like 'suspense:%')
      union all
      select book, substr(debit_account, length('suspense:') + 1), -amount
      from postings where kind = 'posted' and debit_account like 'suspense:%'
        and reason in ('unknown_order_gone', 'bill_difference')
    ), booked as (
      select book, account, sum(amount) as amount from moved group by book, account
    ), named as (
      select book, wallet_account_id as account, sum(case kind when 'duplicate' then amount
        else (detail->>'amount')::bigint end) as amount
      from breaks
      where kind = 'missing_here' and about = 'payment' and (state = 'open'
          or trail->-1->>'action' not in ('book_to_merchant', 'release_suspense', 'not_in_bill'))
        or kind = 'duplicate' and trail->-1->>'action' = 'book_to_suspense'
      group by book, wallet_account_id
    )
    select coalesce(b.account, n.account) as id, format('book %s: booked %s, breaks %s',
      coalesce(b.book, n.book), coalesce(b.amount, 0), coalesce(n.amount, 0)) as detail
    from booked b full join named n on n.book = b.book and n.account = b.account
    where coalesce(b.amount, 0) <> coalesce(n.amount, 0)`,
};

export const INBOX_LAWS: readonly Law[] = [
  processedOrQueued,
  notificationsHavePayments,
  breaksHavePayments,
  unknownMoneyHasABreak,
];
