import { createTestDatabase } from '../../test/support/database.ts';
import { sql } from '../db/pool.ts';
import { type LedgerSetting, type OpenLedger, openLedger } from './testing-moves.ts';

/** For tests: a database of their own, with the table `things`, and a ledger over it. */
export async function openBooks(
  setting: LedgerSetting = {},
): Promise<{ url: string; ledger: OpenLedger }> {
  const { url } = await createTestDatabase();
  const ledger = openLedger(url, setting);
  await ledger.db.query(sql`create table things (book smallint, id text, version integer default 1,
    body text unique, amount bigint, primary key (book, id))`);
  return { url, ledger };
}
