import type { App } from '../app.ts';
import { knownBooks } from '../books.ts';
import type { Book } from '../ids.ts';

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
