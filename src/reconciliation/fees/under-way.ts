import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../db/pool.ts';
import { assert } from '../../errors.ts';
import type { Book } from '../../ids.ts';
import type { Desk } from '../matching/desk.ts';
import { feeReturned } from '../matching/match.ts';

/**
 * A refund may end while its bill is compared, and its end gives back its fee unless a bill told of
 * it. Once the correction is planned, the refund's version is raised: an end that was decided
 * before that is stale and decided again, with the correction in sight. Ends that were committed
 * before are seen here. The rows are never waited for while others are held, so that this cannot
 * stop the ledger's writer.
 */
const TRIES = 500;
const PAUSE_MS = 20;

/** True when refunds have ended since their lines were matched: their fees are planned again. */
export async function settleUnderWay(desk: Desk, book: Book): Promise<boolean> {
  const under_way = await desk.query<{ id: string }>(sql`
    select object_id as id from matched
    where book = ${book} and place = 1 and counted and under_way`);
  if (under_way.length === 0) return false;
  await raiseVersions(
    desk,
    book,
    under_way.map(({ id }) => id),
  );
  const ended = await desk.query(sql`
    update matched m set under_way = false, counted = r.state = 'succeeded',
      booked_fee = coalesce(-(${feeReturned}), 0)
    from refunds r
    where m.book = ${book} and m.place = 1 and m.counted and m.under_way
      and r.book = m.book and r.id = m.object_id and r.state in ('succeeded', 'refused')
    returning m.no`);
  return ended.length > 0;
}

async function raiseVersions(desk: Desk, book: Book, ids: readonly string[]): Promise<void> {
  let left = [...ids];
  for (let tries = 0; left.length > 0; tries += 1) {
    assert(tries < TRIES, `refunds stay locked: ${left.slice(0, 3).join(', ')}`);
    if (tries > 0) await sleep(PAUSE_MS);
    const locked = await desk.query<{ id: string }>(sql`
      with free as materialized (
        select id from refunds where book = ${book} and id = any(${left})
          and state not in ('succeeded', 'refused')
        for update skip locked
      ), raised as (
        update refunds r set version = r.version + 1 from free
        where r.book = ${book} and r.id = free.id
      )
      select id from refunds r where book = ${book} and id = any(${left})
        and state not in ('succeeded', 'refused') and id not in (select id from free)`);
    left = locked.map(({ id }) => id);
  }
}
