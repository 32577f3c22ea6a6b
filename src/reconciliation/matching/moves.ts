import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import type { Desk } from './desk.ts';

/** Where bill and books differ on shares and payouts; amounts are seen from the merchant. */
export async function compareMoves(desk: Desk, book: Book): Promise<void> {
  await desk.query(sql`
    insert into differences (book, kind, about, subject, payment_id, amount, fee, detail)
    select m.book, d.kind, m.about, n.subject, m.payment_id, -d.effect, 0,
      jsonb_build_object('reference', m.reference, 'receiver', nullif(m.receiver, ''),
        'bill_amount', m.billed, 'our_amount', m.ours, 'ledger_amount', m.booked,
        'bill_date', case when m.billed is not null then ${desk.date}::date end,
        'our_date', m.our_date, 'at', m.at)
        || case when d.elsewhere is null then '{}'::jsonb
          else jsonb_build_object('other_bill', d.elsewhere) end
    from moves m
    cross join lateral (
      -- What a refund took back of shares has the refund's number, and so has the refund's own break.
      select concat_ws(' ', m.reference, nullif(m.receiver, ''), case
        when m.about = 'split' and m.receiver = '' and coalesce(nullif(m.billed, 0), m.ours) < 0
          then 'shares' end) as subject
    ) n
    left join breaks x on x.book = m.book and x.wallet_account_id = ${desk.account_id}
      and x.kind = 'date_shift' and x.subject = n.subject
    cross join lateral (
      select 'missing_here' as kind, m.billed as effect, null as elsewhere where m.ours is null
      union all
      select 'duplicate', m.billed, null where m.again
      union all
      select case when not m.counted then 'state' when x.id is null then 'missing_there'
          else 'date_shift' end, -m.ours, coalesce(x.bill_id, x.id) where m.billed is null
      union all
      select case when m.counted then 'amount' else 'state' end, m.billed - m.ours, null
        where m.billed is not null and m.ours is not null and not m.again
          and (m.billed <> m.ours or not m.counted)
      union all
      select 'date_shift', m.ours, null
        where m.billed is not null and m.counted and not m.in_books and not m.again
      union all
      select 'ledger', m.ours - m.booked, null where m.counted and not m.again and m.booked <> m.ours
    ) d
    where m.book = ${book}`);
}

export interface MovesOfDay {
  readonly about: 'split' | 'payout';
  readonly bill_count: bigint;
  readonly billed: bigint;
  readonly count: bigint;
  readonly ours: bigint;
}

/** What the bill adds up to and what our books have of the day, each counted by itself. */
export async function sumMoves(desk: Desk): Promise<MovesOfDay[]> {
  return desk.query<MovesOfDay>(sql`
    select about, count(billed) as bill_count, coalesce(sum(billed), 0)::bigint as billed,
      count(*) filter (where in_books) as count,
      coalesce(sum(ours) filter (where in_books), 0)::bigint as ours
    from moves group by about`);
}
