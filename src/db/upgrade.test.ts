import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../test/support/database.ts';
import { migrate, migrationFolder, readMigrations } from './migrate.ts';
import { withClient } from './postgres-admin.ts';

/** What older databases have is still there, and complete, after an upgrade. */
const folder = mkdtempSync(join(tmpdir(), 'hutong-upgrade-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function give(until: number): void {
  for (const { name } of readMigrations(migrationFolder()).slice(0, until)) {
    copyFileSync(join(migrationFolder(), name), join(folder, name));
  }
}

test('reservations that are open at the upgrade are remembered, with and without a time', async () => {
  const { url } = await createEmptyDatabase();
  give(22);
  await migrate(url, { folder });
  const kept = await withClient(url, async (client) => {
    await client.query(`
      insert into postings (book, id, move_id, debit_account, credit_account, amount, currency,
        kind, ends, reason, business_at, expires_at)
      values (0, 'open', 'm', 'merchant:a', 'w', 5, 'CNY', 'pending', null, 'refund', now(), null),
        (0, 'over', 'm', 'merchant:a', 'w', 6, 'CNY', 'pending', null, 'refund', now(), null),
        (0, 'end', 'n', 'merchant:a', 'w', 6, 'CNY', 'void', 'over', 'refund', now(), null),
        (0, 'timed', 'm', 'merchant:b', 'w', 7, 'CNY', 'pending', null, 'x', now(), '2031-01-01Z'),
        (0, 'plain', 'm', 'merchant:b', 'w', 8, 'CNY', 'posted', null, 'x', now(), null);
      insert into ledger_reservations (book, id, expires_at) values (0, 'timed', '2031-01-01Z')`);
    give(23);
    await migrate(url, { folder });
    const { rows } = await client.query(
      'select id, debit_account, expires_at::date::text as until from ledger_reservations order by id',
    );
    return rows;
  });
  expect(kept).toEqual([
    { id: 'open', debit_account: 'merchant:a', until: null },
    { id: 'timed', debit_account: 'merchant:b', until: '2031-01-01' },
  ]);
});
