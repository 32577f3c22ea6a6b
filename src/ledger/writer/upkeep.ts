import type { App } from '../../app.ts';
import { knownBooks } from '../../books.ts';
import { type Queryable, sql } from '../../db/pool.ts';
import { type Book, newId } from '../../ids.ts';
import type { PeriodicSpec } from '../../jobs/jobs.ts';
import { forgetMail } from './mail.ts';

/** Ends reservations whose time has come, and forgets letters whose sender is gone. */
const EVERY_MS = 1_000;
const MAX_EXPIRED = 500;

export const expireReservations: PeriodicSpec = {
  name: 'ledger.expire',
  every_ms: EVERY_MS,
  async run(app) {
    for (const book of await knownBooks(app)) await expireBook(app, book);
  },
};

/** Up to 500 at once; the next run takes the rest. One that was posted meanwhile stays posted. */
async function expireBook(app: App, book: Book): Promise<void> {
  const business_at = app.clock.now();
  const due = await selectDue(app.db, book);
  const moves = due.map((ends) => {
    const id = newId('pst', book);
    const postings = [{ kind: 'expire' as const, id, ends, business_at }];
    return app.ledger.submit({ book, rows: [], postings, events: [], jobs: [] });
  });
  const failed = (await Promise.allSettled(moves)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function selectDue(db: Queryable, book: Book): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    select id from ledger_reservations
    where book = ${book} and expires_at <= hutong_now()
    order by expires_at, id limit ${MAX_EXPIRED}`);
  return rows.map(({ id }) => id);
}

export const forgetLetters: PeriodicSpec = {
  name: 'ledger.forget_letters',
  every_ms: 600_000,
  run: ({ db }) => forgetMail(db),
};
