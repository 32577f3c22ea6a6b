import type { App } from './app.ts';
import { sql } from './db/pool.ts';
import { type Book, bookOf, isWalletReference } from './ids.ts';

/** Which books there are, and to which one a number told by a wallet belongs. */
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

/** The book our own reference names; 0 for a number that is not ours, whatever it looks like. */
export async function homeOf(app: App, reference: string): Promise<Book> {
  if (!isWalletReference(reference)) return 0;
  const named = bookOf(reference);
  if ((await knownBooks(app)).includes(named)) return named;
  // The book may be younger than what is remembered; its orders must not pass for unknown ones.
  known.delete(app);
  return (await knownBooks(app)).includes(named) ? named : 0;
}
