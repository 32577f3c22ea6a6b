import type { Queryable } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { insertReceiver } from './queries.ts';
import type { Receiver } from './receiver.ts';

/** Registers who may receive shares; wallets hear of it before its first one. */
export async function createReceiver(
  db: Queryable,
  input: Pick<Receiver, 'platform_id' | 'name' | 'kind' | 'accounts'> & {
    readonly metadata?: Receiver['metadata'] | undefined;
  },
): Promise<Receiver> {
  return insertReceiver(db, { ...input, id: newId('rcv'), metadata: input.metadata ?? {} });
}
