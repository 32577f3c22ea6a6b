import { type Queryable, sql } from '../db/pool.ts';

/**
 * The ledger's invariants on a live database, read-only: the sums, and each account against its
 * own postings. Answers one line per violation, naming the rows.
 */
export interface Violation {
  readonly law: string;
  readonly detail: string;
}

interface Row {
  law: string;
  detail: string;
}

export async function checkLedger(db: Queryable): Promise<Violation[]> {
  const sums = await db.query<Row>(sql`
    select 'sum of all balances is zero' as law,
      format('book %s %s: debits %s, credits %s', book, currency,
        sum(debits_posted), sum(credits_posted)) as detail
    from ledger_accounts group by book, currency
    having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)`);
  const accounts = await db.query<Row>(sql`
    with sides as (
      select book, debit_account as id, kind, amount as debit, 0::bigint as credit from postings
      union all
      select book, credit_account, kind, 0, amount from postings
    ), totals as (
      select book, id,
        coalesce(sum(debit) filter (where kind in ('posted', 'post')), 0) as debits_posted,
        coalesce(sum(credit) filter (where kind in ('posted', 'post')), 0) as credits_posted,
        coalesce(sum(case kind when 'pending' then debit when 'post' then -debit
          when 'void' then -debit else 0 end), 0) as debits_pending,
        coalesce(sum(case kind when 'pending' then credit when 'post' then -credit
          when 'void' then -credit else 0 end), 0) as credits_pending
      from sides group by book, id
    )
    select 'balances equal the postings' as law,
      format('book %s account %s', a.book, a.id) as detail
    from ledger_accounts a left join totals t on t.book = a.book and t.id = a.id
    where (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending)
      is distinct from (coalesce(t.debits_posted, 0), coalesce(t.credits_posted, 0),
        coalesce(t.debits_pending, 0), coalesce(t.credits_pending, 0))`);
  const payments = await db.query<Row>(sql`
    select 'a paid payment has its posting, and only one' as law,
      format('payment %s: %s postings', p.id, count(x.id)) as detail
    from payments p
    left join postings x on x.book = p.book and x.subject_id = p.id
      and x.reason = 'payment' and x.kind = 'posted'
    group by p.book, p.id, p.state
    having count(x.id) <> (case p.state when 'succeeded' then 1 else 0 end)`);
  const refunds = await db.query<Row>(sql`
    select 'refunds reserve and return what their payment says' as law,
      format('payment %s', p.id) as detail
    from payments p
    left join refunds r on r.book = p.book and r.payment_id = p.id and r.origin = 'requested'
    group by p.book, p.id, p.refund_reserved, p.refunded
    having p.refund_reserved <> coalesce(sum(r.amount) filter (where r.state <> 'refused'), 0)
      or p.refunded <> coalesce(sum(r.amount) filter (where r.state = 'succeeded'), 0)`);
  const holds = await db.query<Row>(sql`
    select 'a hold has what it says, and nothing when it is closed' as law,
      format('hold %s: %s in the ledger', h.id, coalesce(a.credits_posted - a.debits_posted, 0))
        as detail
    from holds h
    left join ledger_accounts a on a.book = h.book and a.id = 'hold:' || h.subject_id
    where coalesce(a.credits_posted - a.debits_posted, 0)
        <> h.amount - h.released - h.shared - h.returned
      or coalesce(a.debits_pending, 0) <> h.reserved
      or (h.closed_at is not null and h.amount <> h.released + h.shared + h.returned)`);
  return [...sums, ...accounts, ...payments, ...refunds, ...holds];
}
