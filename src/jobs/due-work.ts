import type { App } from '../app.ts';
import { sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';

const BOOKS_MS = 5_000;
const known = new WeakMap<App, { readonly until: number; readonly books: readonly Book[] }>();

/** The books of this installation's platforms, and 0; cached for a moment. */
export async function knownBooks(app: App): Promise<readonly Book[]> {
  const cached = known.get(app);
  if (cached && cached.until > Date.now()) return cached.books;
  const rows = await app.db.query<{ book: Book }>(sql`
    select distinct book from platforms union select 0::smallint order by book`);
  const books = rows.map((row) => row.book);
  known.set(app, { until: Date.now() + BOOKS_MS, books });
  return books;
}

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
