import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type Db, sql } from '../db/pool.ts';
import { Link } from './link.ts';
import { engine, openJobsDatabase, outsider } from './testing.ts';

openJobsDatabase();

/** Connections whose sessions the server ends as soon as they are there, the first `times`. */
function unlucky(db: Db, times: number): Db {
  const admin = outsider();
  onTestFinished(() => admin.end());
  let cuts = 0;
  return {
    ...db,
    connection: (work) =>
      db.connection(async (client) => {
        if (cuts < times) {
          cuts += 1;
          const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
          await admin.query(sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`);
        }
        return work(client);
      }),
  };
}

test.each([0, 1, 3])('a statement is answered after %s connections that were cut', async (cuts) => {
  const db = unlucky(engine().db, cuts);
  const log = pino({ level: 'silent' });
  const link = new Link({ db, log, channel: 'hutong_jobs', self: 'me', onSignal: () => {} });
  try {
    expect(await link.query(sql`select 1 as one`)).toEqual([{ one: 1 }]);
  } finally {
    await link.stop();
  }
});
