import type { App } from '../app.ts';
import { knownBooks } from '../books.ts';
import { statement } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { PeriodicSpec } from './jobs.ts';

/** Periodic work goes book by book: one statement never reaches into two. */
export async function eachBook(app: App, work: (book: Book) => Promise<void>): Promise<void> {
  for (const book of await knownBooks(app)) await work(book);
}

const AT_ONCE = 8;

/** Works on what is due, a few at once; one that fails is logged and keeps no other waiting. */
export async function eachGuarded<T extends { readonly id: string }>(
  app: App,
  what: string,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  async function worker(): Promise<void> {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        app.log.error({ err: error, id: item.id }, `${what} failed; it is tried again`);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

/**
 * Tables whose rows wait for a wallet's answer. `next_query_at` is the time of the next question,
 * null once the answer is final; `queries` counts the questions asked.
 */
type AskedTable = 'attempts' | 'payouts' | 'refunds' | 'split_orders';

interface Questions {
  readonly name: string;
  readonly table: AskedTable;
  ask(app: App, book: Book, id: string): Promise<void>;
}

const ASKED_AT_ONCE = 50;

/** Asks about each row whose next question is due, and puts that question off by a lease. */
export function askWhenDue({ name, table, ask }: Questions): PeriodicSpec {
  const claim = `
    update ${table} set next_query_at = now() + $2 * interval '1 millisecond'
    where book = $1 and id in (
      select id from ${table} where book = $1 and next_query_at <= now()
      order by next_query_at, id limit ${ASKED_AT_ONCE} for update skip locked)
    returning id`;
  return {
    name,
    every_ms: 1_000,
    run: (app) =>
      eachBook(app, async (book) => {
        const values = [book, app.config.job_lease_ms];
        const claimed = await app.db.query<{ id: string }>(statement(claim, values));
        // `returning` has no order of its own.
        const due = claimed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        await eachGuarded(app, name, due, ({ id }) => ask(app, book, id));
      }),
  };
}

/**
 * Plans the next question by how many were asked; only while the answer is not final.
 * @param gaps_ms after the first question, the second…; the last one for all further ones
 */
export async function planQuestion(
  app: App,
  table: AskedTable,
  { book, id }: { readonly book: Book; readonly id: string },
  gaps_ms: readonly number[],
): Promise<void> {
  const plan = `
    update ${table} set queries = queries + 1,
      next_query_at = now() + interval '1 millisecond'
        * ($3::double precision[])[least(queries + 1, cardinality($3))]
    where book = $1 and id = $2 and next_query_at is not null`;
  const gaps = gaps_ms.map((gap) => gap * app.config.retry_pace);
  await app.db.query(statement(plan, [book, id, gaps]));
}
