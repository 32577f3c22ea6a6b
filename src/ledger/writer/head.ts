import { type Queryable, sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { GENESIS } from '../chain/seal.ts';

/**
 * A book's head: who may write it, and where its chain ends. One writer holds it by lease; taking
 * it makes the epoch one more, and a batch locks the head of its own epoch first, so that a writer
 * whose lease has passed on can commit nothing any more.
 */
export interface Head {
  readonly position: bigint;
  readonly hash: Buffer;
  /** When this batch is sealed: the database's clock, never before the batch that came before. */
  readonly sealed_at: Date;
  /** Business time. */
  readonly now: Date;
}

export interface Tenure {
  readonly holder: string;
  readonly epoch: bigint;
}

/** A dead writer's book waits for as long as this; a living one renews with every batch. */
export const LEASE_MS = 2_000;

/**
 * A process that stands still within a batch holds the head's lock, and no lease ends that: the
 * database cuts its connection after so long.
 */
export const STILL_MS = 4_000;

/** The new epoch, or undefined while somebody else holds the lease. */
export async function takeHead(
  db: Queryable,
  book: Book,
  holder: string,
): Promise<Tenure | undefined> {
  const [row] = await db.query<{ epoch: bigint }>(sql`
    insert into ledger_heads (book, epoch, holder, lease_until, hash)
    values (${book}, 1, ${holder}, clock_timestamp() + ${LEASE_MS} * interval '1 ms', ${GENESIS})
    on conflict (book) do update set epoch = ledger_heads.epoch + 1, holder = excluded.holder,
      lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 ms'
    where ledger_heads.lease_until < clock_timestamp()
    returning epoch`);
  return row && { holder, epoch: row.epoch };
}

/** Locks the head until the transaction ends; undefined when another epoch has begun. */
export async function lockHead(
  tx: Queryable,
  book: Book,
  { holder, epoch }: Tenure,
): Promise<Head | undefined> {
  const [row] = await tx.query<Head>(sql`
    select position, hash, hutong_now() as now,
      greatest(date_trunc('milliseconds', clock_timestamp()), sealed_at) as sealed_at
    from ledger_heads where book = ${book} and epoch = ${epoch} and holder = ${holder}
    for update`);
  return row;
}

/** Prolongs the lease; a batch with postings does it with them. */
export async function keepHead(tx: Queryable, book: Book): Promise<void> {
  await tx.query(sql`
    update ledger_heads set lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 ms'
    where book = ${book}`);
}

/** Lets another process take the book at once. */
export async function leaveHead(
  db: Queryable,
  book: Book,
  { holder, epoch }: Tenure,
): Promise<void> {
  await db.query(sql`
    update ledger_heads set lease_until = '-infinity'
    where book = ${book} and epoch = ${epoch} and holder = ${holder}`);
}
