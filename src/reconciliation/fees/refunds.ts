import type { App } from '../../app.ts';
import { type Queryable, sql } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import { type MoveParts, NOTHING } from '../../payments/changes.ts';
import type { Refund } from '../../refunds/refund.ts';
import { FEE_BATCH_ROW, FEE_CORRECTION_ROW, type FeeBatch, postingsOf } from './batch.ts';

/**
 * The fee that comes back with a refund, where a bill told of it before the refund had ended. The
 * bill tells of it once; the refund's own end must not say it again (`under-way.ts`).
 */
export async function isFeeBilled(
  db: Queryable,
  { book, id }: Pick<Refund, 'book' | 'id'>,
): Promise<boolean> {
  const [row] = await db.query<{ billed: boolean }>(sql`
    select exists (select from fee_corrections
      where book = ${book} and subject_id = ${id}) as billed`);
  return row?.billed ?? false;
}

/** Of a refund that does not happen after all: what bills gave back for it is taken again. */
export async function takeFeeAgain(
  app: Pick<App, 'db' | 'clock'>,
  { book, id, payment_id }: Pick<Refund, 'book' | 'id' | 'payment_id'>,
): Promise<MoveParts> {
  const given = await app.db.query<FeeBatch>(sql`
    select b.bill_id, b.wallet_account_id, b.merchant_id, sum(c.billed - c.booked)::bigint as amount
    from fee_corrections c join fee_batches b on b.book = c.book and b.id = c.batch_id
    where c.book = ${book} and c.subject_id = ${id}
    group by b.bill_id, b.wallet_account_id, b.merchant_id
    having sum(c.billed - c.booked) <> 0`);
  const taken = given.map((batch) => ({ ...batch, amount: -batch.amount }));
  return {
    ...NOTHING,
    rows: taken.flatMap((batch) => {
      const batch_id = newId('fee', book);
      const values = { ...batch, lines: 1, state: 'posted', created_at: app.clock.now() };
      const correction = { batch_id, payment_id, booked: -batch.amount, billed: 0n };
      return [
        { op: 'insert', kind: FEE_BATCH_ROW, id: batch_id, values } as const,
        { op: 'insert', kind: FEE_CORRECTION_ROW, id, values: correction } as const,
      ];
    }),
    postings: taken.flatMap((batch) => postingsOf(app.clock, book, batch)),
  };
}
