import type { List } from './objects.ts';
import type { Query, Send } from './transport.ts';

/** Query of a list: its filters, and how many a page holds (1 to 100). */
export interface PageQuery {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

export interface Lists<T, Filter extends PageQuery> {
  /** One page, newest first. */
  list(query?: Filter): Promise<List<T>>;
  /** Every page, one object after another, asked for as you go. */
  all(query?: Filter): AsyncIterable<T>;
}

export function listsOf<T, Filter extends PageQuery>(send: Send, path: string): Lists<T, Filter> {
  const list = (query?: Filter) =>
    send<List<T>>({ method: 'GET', path, query: { ...(query as Query | undefined) } });
  return {
    list,
    async *all(query) {
      let cursor: string | null = query?.cursor ?? null;
      do {
        const page: List<T> = await send<List<T>>({
          method: 'GET',
          path,
          query: { ...(query as Query | undefined), ...(cursor === null ? {} : { cursor }) },
        });
        yield* page.data;
        cursor = page.has_more ? page.next_cursor : null;
      } while (cursor !== null);
    },
  };
}
