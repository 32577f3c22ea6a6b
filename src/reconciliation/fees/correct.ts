import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import { assert } from '../../errors.ts';
import { type Book, newId } from '../../ids.ts';
import { NOTHING } from '../../payments/changes.ts';
import type { Desk } from '../matching/desk.ts';
import { FEE_BATCH_ROW, type FeeBatch, postingsOf } from './batch.ts';
import { settleUnderWay } from './under-way.ts';

/**
 * Fees as the bill has them. Each line's difference to what was booked is a row; the rows of one
 * merchant are one batch with one posting (decision 0021). A batch is planned together with its
 * rows and posted by a move that ends its state `planned`, so that a crash between the two neither
 * loses nor repeats it, and a bill that is run again corrects only what has changed.
 */
const MAX_MERCHANTS = 10_000;

interface Planned extends FeeBatch {
  readonly id: string;
  readonly version: number;
}

export async function correctFees(
  app: App,
  desk: Desk,
  { bill_id, book }: { bill_id: string; book: Book },
): Promise<void> {
  await planFees(app, desk, { bill_id, book });
  if (await settleUnderWay(desk, book)) await planFees(app, desk, { bill_id, book });
  const planned = await app.db.query<Planned>(sql`
    select id, version, bill_id, wallet_account_id, merchant_id, amount from fee_batches
    where book = ${book} and bill_id = ${bill_id} and state = 'planned' order by id`);
  for (const batch of planned) {
    const { id, version } = batch;
    const values = { state: 'posted' };
    const result = await app.ledger.submit({
      ...NOTHING,
      book,
      rows: [{ op: 'update', kind: FEE_BATCH_ROW, id, version, values }],
      postings: postingsOf(app.clock, book, batch),
    });
    // Stale: another process has posted it.
    assert(result.kind === 'committed' || result.kind === 'stale', 'a fee batch was refused');
  }
}

/** Rows and their batches in one transaction; what an earlier run planned is not planned again. */
async function planFees(
  app: App,
  desk: Desk,
  { bill_id, book }: { bill_id: string; book: Book },
): Promise<void> {
  await desk.query(sql`drop table if exists pg_temp.moved`);
  await desk.query(sql`
    create temporary table moved as
    with candidates as materialized (
      select book, object_id, payment_id, part_id, booked_fee, counted and under_way as under_way,
        -- what does not count here has no fee, whatever an earlier run made of it
        case when counted then fee else 0 end as fee
      from matched
      where book = ${book} and place = 1 and (
        counted and (fee <> booked_fee or under_way)
        or object_id in (
          select c.subject_id from fee_batches b
          join fee_corrections c on c.book = b.book and c.batch_id = b.id
          where b.book = ${book} and b.bill_id = ${bill_id}))
    )
    select m.object_id as subject_id, m.payment_id,
      coalesce(part.merchant_id, p.merchant_id) as merchant_id,
      m.booked_fee + coalesce(c.corrected, 0) as booked, m.fee as billed
    from candidates m
    join payments p on p.book = m.book and p.id = m.payment_id
    left join payment_parts part on part.book = m.book and part.id = m.part_id
    left join lateral (
      select sum(billed - booked)::bigint as corrected from fee_corrections
      where book = m.book and subject_id = m.object_id
    ) c on true
    where m.fee <> m.booked_fee + coalesce(c.corrected, 0)
      -- that the bill told of it, be it of no fee: its end must not
      or m.under_way and c.corrected is null`);
  const merchants = await desk.query<{ merchant_id: string }>(sql`
    select distinct merchant_id from moved order by merchant_id limit ${MAX_MERCHANTS}`);
  const { account_id } = desk;
  for (const { merchant_id } of merchants) {
    const id = newId('fee', book);
    await desk.query(sql`
      with rows as (
        insert into fee_corrections (book, batch_id, subject_id, payment_id, booked, billed)
        select ${book}, ${id}, subject_id, payment_id, booked, billed from moved
        where merchant_id = ${merchant_id}
        returning booked, billed
      )
      insert into fee_batches (book, id, bill_id, wallet_account_id, merchant_id, amount, lines,
        state, created_at)
      select ${book}, ${id}, ${bill_id}, ${account_id}, ${merchant_id}, sum(billed - booked),
        count(*), 'planned', ${app.clock.now()}
      from rows`);
  }
}
