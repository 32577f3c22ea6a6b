import { beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../test/support/hub.ts';
import { sql } from '../../db/pool.ts';
import { end, floored, fund, move, transfer } from '../testing-moves.ts';
import { expireReservations } from './upkeep.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

const MINUTE_MS = 60_000;

/** The database's business clock, which alone decides. */
async function goOn(ms: number): Promise<void> {
  await hub.app.db.query(sql`
    insert into installation (mode, clock_offset_ms) values ('sandbox', ${ms})
    on conflict (one) do update set clock_offset_ms = excluded.clock_offset_ms`);
}

test('a reservation whose time has come ends by itself, once; another stays', async () => {
  const { app } = hub;
  const [from, to] = [floored('hold-from'), floored('hold-to')];
  await fund(app.ledger, from, 100n);
  const until = (ms: number) => ({ expires_at: new Date(Date.now() + ms) });
  const held = (amount: bigint, more = {}) =>
    transfer(from, to, amount, { kind: 'pending', ...more });
  const [due, posted] = [held(10n, until(MINUTE_MS)), held(20n, until(MINUTE_MS))];
  const [later, endless] = [held(30n, until(60 * MINUTE_MS)), held(5n)];
  await app.ledger.submit(move([due, posted, later, endless]));
  await app.ledger.submit(move([end('post', posted)]));
  const balance = () => app.ledger.balance(0, from.id);
  const expired = async () => {
    const rows = await app.db.query<{ ends: string }>(sql`
      select ends from postings where kind = 'expire' order by position`);
    return rows.map(({ ends }) => ends);
  };

  await expireReservations.run(app);
  expect(await expired()).toEqual([]);
  expect(await balance()).toMatchObject({ posted: 80n, available: 35n });

  await goOn(MINUTE_MS + 1);
  for (const _run of ['the first', 'the second']) {
    await expireReservations.run(app);
    expect(await expired()).toEqual([due.id]);
    expect(await balance()).toMatchObject({ posted: 80n, available: 45n });
  }

  await goOn(61 * MINUTE_MS);
  await expireReservations.run(app);
  expect(await expired()).toEqual([due.id, later.id]);
  expect(await balance()).toMatchObject({ posted: 80n, available: 75n });
});
