import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { App } from '../app.ts';
import { migrate } from '../db/migrate.ts';
import { openDb, sql } from '../db/pool.ts';
import { createDatabase } from '../db/postgres-admin.ts';
import { type PostgresServer, startPostgres } from '../db/postgres-server.ts';
import { createJobs } from './engine.ts';
import type { JobSpec, NewJob } from './jobs.ts';

const JOBS = 200;

it('every job is done although PostgreSQL is killed and started again under it', async () => {
  const data_dir = mkdtempSync(join(tmpdir(), 'hutong-jobs-'));
  chmodSync(data_dir, 0o711);
  let server: PostgresServer = await startPostgres({ data_dir });
  await createDatabase(server.connectionString('postgres'), { name: 'hub' });
  const url = server.connectionString('hub');
  await migrate(url);

  const log = pino({ level: 'silent' });
  const db = openDb({ url, max_connections: 4, log });
  const jobs = createJobs({ db, log, lease_ms: 1_500, poll_ms: 100, retry_pace: 1 });
  onTestFinished(async () => {
    await jobs.stop();
    await db.end();
    await server.stop('immediate');
    rmSync(data_dir, { recursive: true, force: true });
  });

  const done = new Set<string>();
  const work: JobSpec = {
    kind: 'refund.send',
    max_tries: 5,
    concurrency: 8,
    first_gap_ms: 10,
    max_gap_ms: 100,
    async run(_app, { key }) {
      await db.query(sql`select pg_sleep(0.005)`);
      done.add(key);
      return { done: true };
    },
  };
  const list = Array.from({ length: JOBS }, (_, index): NewJob => {
    return { book: 0, kind: 'refund.send', key: `k${index}`, payload: {} };
  });
  await jobs.enqueue(db, list);
  jobs.start({ db, log, jobs } as unknown as App, [work], []);

  for (const share of [0.2, 0.5]) {
    while (done.size < JOBS * share) await sleep(2);
    const gone = server.killed();
    process.kill(server.pid, 'SIGKILL');
    await gone;
    // While the server is away the engine tries again and again, and nothing ends the process.
    await sleep(300);
    server = await startPostgres({ data_dir });
  }
  const left = sql`select count(*)::int as n from jobs`;
  const count = async () => (await db.query<{ n: number }>(left))[0]?.n;
  while ((await count()) !== 0) await sleep(20);
  expect(done.size).toBe(JOBS);
});
