import type { App } from '../app.ts';
import { selectReceiversById } from './queries.ts';
import type { Receiver } from './receiver.ts';

/** Those of these receivers that there are, by id. */
export async function findReceivers(
  app: Pick<App, 'db'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Receiver>> {
  const rows = await selectReceiversById(app.db, ids);
  return new Map(rows.map((row) => [row.id, row]));
}
