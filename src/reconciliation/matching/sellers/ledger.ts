import { type BusinessDate, dayAfter, startOfDay } from '../../../clock.ts';
import { sql } from '../../../db/pool.ts';
import type { Book } from '../../../ids.ts';
import { type Desk, dayOf } from '../desk.ts';
import { returnedMoney, SLACK } from './returns.ts';

/** What the ledger has for sellers since days that ended with balances that were compared. */
export interface Start {
  readonly balance: bigint;
  /** The day that ended with it. */
  readonly date: BusinessDate;
}

interface Moved {
  readonly seller: string;
  readonly amount: bigint;
}

interface Sum {
  /** Of the seller's merchant. */
  book: Book;
  amount: bigint;
  on_its_way: boolean;
  differs: boolean;
}

/** Set by set over all sellers; each set reads the days since, by the accounts' own indexes. */
export async function movedSince(
  desk: Desk,
  books: readonly Book[],
  starts: ReadonlyMap<string, Start>,
): Promise<ReadonlyMap<string, Sum>> {
  const sums = new Map<string, Sum>();
  for (const book of books) {
    await keepSellers(desk, book, starts);
    for (const { seller, on_its_way, differs } of await circumstances(desk, book)) {
      const before = sums.get(seller) ?? { book, amount: 0n, on_its_way: false, differs: false };
      before.on_its_way ||= on_its_way;
      before.differs ||= differs;
      sums.set(seller, before);
    }
    const returned = await returnedMoney(desk, book);
    for (const { seller, on_its_way } of returned) {
      const sum = sums.get(seller);
      if (sum) sum.on_its_way ||= on_its_way;
    }
    const moved = [...(await booked(desk, book)), ...(await billed(desk, book)), ...returned];
    for (const { seller, amount } of moved) {
      const sum = sums.get(seller);
      if (sum) sum.amount += amount;
    }
  }
  return sums;
}

/** The merchants behind the sellers' numbers, and the accounts of theirs that are counted. */
async function keepSellers(
  desk: Desk,
  book: Book,
  starts: ReadonlyMap<string, Start>,
): Promise<void> {
  const { account_id, day_shift_ms } = desk;
  const days = [...starts.values()];
  const since = days.map(
    (start) => new Date(startOfDay(dayAfter(start.date)).getTime() - day_shift_ms),
  );
  await desk.query(sql`drop table if exists pg_temp.seller_days, pg_temp.seller_holds`);
  await desk.query(sql`
    create temporary table seller_days as
    select w.seller, w.since, w.since_date, e.merchant_id, 'merchant:' || e.merchant_id as account
    from unnest(${[...starts.keys()]}::text[], ${since}::timestamptz[],
      ${days.map(({ date }) => date)}::date[]) as w (seller, since, since_date)
    join enrolments e on e.wallet_account_id = ${account_id} and e.sub_merchant = w.seller
    join merchants m on m.id = e.merchant_id
    join platforms p on p.id = m.platform_id and p.book = ${book}`);
  await desk.query(sql`
    create temporary table seller_holds as
    select s.seller, s.since, 'hold:' || h.subject_id as account
    from seller_days s
    join holds h on h.book = ${book} and h.merchant_id = s.merchant_id
      and h.wallet_account_id = ${account_id} and (h.closed_at is null or h.closed_at >= s.since)`);
}

/**
 * All that crossed the line around a seller's own and held money, by the ledger. Our clock may be
 * behind that of the wallet, which says when something was paid: an hour before counts too.
 */
async function booked(desk: Desk, book: Book): Promise<Moved[]> {
  const { until } = dayOf(desk);
  return desk.query<Moved>(sql`
    with lines as (
      select s.seller, s.since, p.amount, p.debit_account as other, p.id
      from seller_days s
      join postings p on p.book = ${book} and p.credit_account = s.account
        and starts_with(p.credit_account, 'merchant:')
        and p.business_at >= s.since - interval '1 hour'
      union all
      select s.seller, s.since, -p.amount, p.credit_account, p.id
      from seller_days s
      join postings p on p.book = ${book} and p.debit_account = s.account
        and starts_with(p.debit_account, 'merchant:')
        and p.business_at >= s.since - interval '1 hour'
      union all
      select h.seller, h.since, p.amount, p.debit_account, p.id
      from seller_holds h join postings p on p.book = ${book} and p.credit_account = h.account
      union all
      select h.seller, h.since, -p.amount, p.credit_account, p.id
      from seller_holds h join postings p on p.book = ${book} and p.debit_account = h.account
    )
    select l.seller, sum(l.amount)::bigint as amount
    from lines l
    join postings p on p.book = ${book} and p.id = l.id
    left join payments y on y.book = ${book} and y.id = p.subject_id
    left join refunds r on r.book = ${book} and r.id = p.subject_id
    left join attempts a on a.book = ${book}
      and a.id = coalesce(r.attempt_id, y.succeeded_attempt_id)
    cross join lateral (select
      case when p.reason in ('payment', 'wallet_fee_estimate') then a.paid_at
        else p.business_at end as at,
      case when starts_with(l.other, 'wallet:') then substr(l.other, 8)
        when starts_with(l.other, 'wallet_fees:') then substr(l.other, 13)
        else a.wallet_account_id end as account_id) e
    where p.kind in ('posted', 'post')
      and not starts_with(l.other, 'merchant:') and not starts_with(l.other, 'hold:')
      -- These count as the bills have them; a repair belongs to a difference that is known.
      and p.reason not in ('payout', 'payout_returned', 'wallet_fee_correction', 'bill_difference')
      and e.account_id = ${desk.account_id} and e.at >= l.since and e.at < ${until}
    group by l.seller`);
}

/** Fees as billed beyond the estimates, and payouts as bills had them go and come back. */
async function billed(desk: Desk, book: Book): Promise<Moved[]> {
  const { account_id, date } = desk;
  return desk.query<Moved>(sql`
    with parts as (
      select coalesce(part.merchant_id, p.merchant_id) as merchant_id,
        x.booked_fee - x.fee as amount
      from matched x
      join payments p on p.book = x.book and p.id = x.payment_id
      left join payment_parts part on part.book = x.book and part.id = x.part_id
      where x.book = ${book} and x.place = 1 and x.counted and x.fee <> x.booked_fee
      union all
      select s.merchant_id, -f.amount
      from seller_days s
      join bills b on b.wallet_account_id = ${account_id} and b.date > s.since_date
        and b.date < ${date}::date
      join fee_batches f on f.book = ${book} and f.bill_id = b.id
        and f.merchant_id = s.merchant_id
      union all
      select s.merchant_id, -o.amount
      from seller_days s
      join payouts o on o.book = ${book} and o.merchant_id = s.merchant_id
        and o.wallet_account_id = ${account_id} and o.billed_on > s.since_date
        and o.billed_on <= ${date}::date
      union all
      select s.merchant_id, o.amount
      from seller_days s
      join payouts o on o.book = ${book} and o.merchant_id = s.merchant_id
        and o.wallet_account_id = ${account_id} and o.given_back_on > s.since_date
        and o.given_back_on <= ${date}::date
    )
    select s.seller, sum(p.amount)::bigint as amount
    from parts p join seller_days s on s.merchant_id = p.merchant_id
    group by s.seller`);
}

/** Money on its way at either end, and differences that are breaks of this day. */
async function circumstances(
  desk: Desk,
  book: Book,
): Promise<readonly (Pick<Sum, 'on_its_way' | 'differs'> & { readonly seller: string })[]> {
  const { until } = dayOf(desk);
  return desk.query(sql`
    with reserved as (
      select s.seller, s.since, p.id, p.business_at
      from seller_days s
      join postings p on p.book = ${book} and p.debit_account = s.account
        and starts_with(p.debit_account, 'merchant:') and p.kind = 'pending'
        and p.reason <> 'payout' and not starts_with(p.credit_account, 'hold:')
      union all
      select h.seller, h.since, p.id, p.business_at
      from seller_holds h
      join postings p on p.book = ${book} and p.debit_account = h.account and p.kind = 'pending'
        -- A share goes on to its receiver at once.
        and (p.reason = 'share' or not starts_with(p.credit_account, 'merchant:'))
    )
    select s.seller,
      coalesce(bool_or(w.seller is not null), false) as on_its_way,
      coalesce(bool_or(d.subject is not null), false) as differs
    from seller_days s
    left join lateral (
      select r.seller from reserved r
      left join postings e on e.book = ${book} and e.ends = r.id
      where r.seller = s.seller and (
        r.business_at < s.since + ${SLACK}
          and (e.id is null or e.business_at >= s.since - ${SLACK})
        or r.business_at < ${until}::timestamptz + ${SLACK}
          and (e.id is null or e.business_at >= ${until}::timestamptz - ${SLACK}))
      limit 1
    ) w on true
    left join lateral (
      select x.subject from differences x
      left join payments y on y.book = x.book and y.id = x.payment_id
      left join payment_parts t on t.book = y.book and t.payment_id = y.id
      left join payouts o on o.book = x.book and o.payout_reference = x.subject
      where x.book = ${book} and x.kind not in ('fee', 'balance')
        and coalesce(t.merchant_id, y.merchant_id, o.merchant_id, s.merchant_id) = s.merchant_id
      limit 1
    ) d on true
    group by s.seller`);
}
