import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { type Db, openDb, sql } from '../db/pool.ts';
import { listDead, replayDead } from './dead-letters.ts';
import { createJobs, type JobsOptions } from './engine.ts';
import type { Job, JobResult, Jobs, JobSpec, NewJob } from './jobs.ts';

const log = pino({ level: 'silent' });
const DONE = { done: true } as const;
const FAR_MS = 3_600_000;
let url = '';
const open: { db: Db; jobs: Jobs }[] = [];

beforeAll(async () => {
  url = (await createTestDatabase()).url;
});

afterEach(async () => {
  for (const { jobs, db } of open.splice(0)) {
    await jobs.stop();
    await db.query(sql`delete from jobs`);
    await db.end();
  }
});

/** One process's engine: its own pool, no poll to speak of unless the test asks for one. */
function engine(options: Partial<JobsOptions> = {}): { db: Db; jobs: Jobs; app: App } {
  const db = openDb({ url, max_connections: 4 });
  const jobs = createJobs({ db, log, lease_ms: 2_000, poll_ms: FAR_MS, retry_pace: 1, ...options });
  open.push({ db, jobs });
  // Handlers in this file read nothing else of it.
  return { db, jobs, app: { db, log, jobs } as unknown as App };
}

function spec(run: (job: Job) => Promise<JobResult>, more: Partial<JobSpec> = {}): JobSpec {
  const gaps = { first_gap_ms: 1, max_gap_ms: 4 };
  return {
    kind: 'attempt.query',
    max_tries: 3,
    concurrency: 20,
    ...gaps,
    run: (_app, job) => run(job),
    ...more,
  };
}

function job(key: string, more: Partial<NewJob> = {}): NewJob {
  return { book: 0, kind: 'attempt.query', key, payload: { key }, ...more };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

async function left(db: Db): Promise<number> {
  const [row] = await db.query<{ n: bigint }>(sql`select count(*) as n from jobs`);
  return Number(row?.n);
}

describe('jobs', () => {
  it('a wake after commit runs a job without any poll', async () => {
    const { jobs, app, db } = engine();
    const ran: string[] = [];
    jobs.start(app, [spec(async ({ key }) => (ran.push(key), DONE))], []);
    await jobs.idle();
    await db.transaction((tx) => jobs.enqueue(tx, [job('a', { payload: { fen: 5 } })]));
    jobs.wake();
    await until(() => ran.length === 1);
    await jobs.idle();
    expect(await left(db)).toBe(0);
  });

  it('a NOTIFY tells another process, which has no poll either', async () => {
    const shop = engine();
    const hub = engine();
    const ran: string[] = [];
    hub.jobs.start(hub.app, [spec(async ({ key }) => (ran.push(key), DONE))], []);
    await hub.jobs.idle();
    await shop.jobs.enqueue(shop.db, [job('a')]);
    shop.jobs.wake();
    await until(() => ran.length === 1);
  });

  it('a job of a transaction that rolls back never runs', async () => {
    const { jobs, app, db } = engine();
    const ran: string[] = [];
    jobs.start(app, [spec(async ({ key }) => (ran.push(key), DONE))], []);
    const failing = db.transaction(async (tx) => {
      await jobs.enqueue(tx, [job('gone')]);
      throw new Error('the business said no');
    });
    await expect(failing).rejects.toThrow('the business said no');
    await jobs.enqueue(db, [job('kept')]);
    jobs.wake();
    await until(() => ran.length > 0);
    await jobs.idle();
    expect(ran).toEqual(['kept']);
  });

  it('the same kind and key are queued once', async () => {
    const { jobs, db } = engine();
    await jobs.enqueue(db, [job('a'), job('a'), job('b')]);
    await jobs.enqueue(db, [job('b'), job('b', { kind: 'attempt.close' })]);
    expect(await left(db)).toBe(3);
  });

  it('a thousand jobs run once each on two workers', async () => {
    const runs = new Map<string, number>();
    const count = spec(async ({ key }) => {
      runs.set(key, (runs.get(key) ?? 0) + 1);
      return DONE;
    });
    const [one, two] = [engine(), engine()];
    for (const { jobs, app } of [one, two]) {
      jobs.start(app, [count], []);
      await jobs.idle();
    }
    const batch = Array.from({ length: 1_000 }, (_, index) => job(`k${index}`));
    await one.jobs.enqueue(one.db, batch);
    one.jobs.wake();
    await until(async () => (await left(one.db)) === 0);
    expect(runs.size).toBe(1_000);
    expect([...runs.values()].every((times) => times === 1)).toBe(true);
  });

  it('no more jobs of a kind run at once than its concurrency', async () => {
    const { jobs, app, db } = engine();
    let [now, most] = [0, 0];
    const slow = spec(
      async () => {
        now += 1;
        most = Math.max(most, now);
        await sleep(2);
        now -= 1;
        return DONE;
      },
      { concurrency: 3 },
    );
    jobs.start(app, [slow], []);
    await jobs.enqueue(
      db,
      Array.from({ length: 30 }, (_, index) => job(`k${index}`)),
    );
    jobs.wake();
    await jobs.idle();
    expect(await left(db)).toBe(0);
    expect(most).toBe(3);
  });

  it('a failing job is tried again with its tries counted, then is dead and replayable', async () => {
    const { jobs, app, db } = engine();
    const tries: number[] = [];
    let broken = true;
    const failing = spec(async (one) => {
      tries.push(one.tries);
      if (broken) throw new Error('no luck');
      return DONE;
    });
    jobs.start(app, [failing], []);
    await jobs.enqueue(db, [job('a')]);
    jobs.wake();
    await until(async () => (await listDead(db, { book: 0, limit: 10 })).length === 1);
    expect(tries).toEqual([1, 2, 3]);
    const [dead] = await listDead(db, { book: 0, limit: 10 });
    expect(dead).toMatchObject({ key: 'a', tries: 3, last_error: 'no luck' });
    expect(await replayDead(db, { book: 0, id: 'job_00' })).toBe(false);
    broken = false;
    expect(await replayDead(db, { book: 0, id: dead?.id ?? '' })).toBe(true);
    jobs.wake();
    await jobs.idle();
    expect(tries).toEqual([1, 2, 3, 1]);
    expect(await left(db)).toBe(0);
  });

  it('asking to run again does not use up tries', async () => {
    const { jobs, app, db } = engine();
    const tries: number[] = [];
    const patient = spec(async (one) => {
      tries.push(one.tries);
      return tries.length < 6 ? { again_in_ms: 1 } : DONE;
    });
    jobs.start(app, [patient], []);
    await jobs.enqueue(db, [job('a')]);
    jobs.wake();
    await until(async () => (await left(db)) === 0);
    expect(tries).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('a job for later waits for its time, and needs no poll then', async () => {
    const { jobs, app, db } = engine();
    let ran_at = 0;
    const later = spec(async () => {
      ran_at = Date.now();
      return DONE;
    });
    jobs.start(app, [later], []);
    const run_at = new Date(Date.now() + 150);
    await jobs.enqueue(db, [job('a', { run_at })]);
    jobs.wake();
    await until(() => ran_at > 0);
    expect(ran_at).toBeGreaterThanOrEqual(run_at.getTime());
  });
});

describe('leases', () => {
  it('a dead worker’s job is run by another within its lease', async () => {
    const { db, jobs, app } = engine({ poll_ms: 20 });
    await jobs.enqueue(db, [job('a')]);
    // What a killed worker leaves behind: a held row that nobody extends.
    await db.query(sql`
      update jobs set token = 'dead', tries = 1, run_at = now() + interval '150 milliseconds'`);
    const ran: number[] = [];
    jobs.start(app, [spec(async ({ tries }) => (ran.push(tries), DONE))], []);
    await until(() => ran.length === 1);
    await jobs.idle();
    expect(ran).toEqual([2]);
    expect(await left(db)).toBe(0);
  });

  it('a slow job is kept by its heartbeat', async () => {
    const [one, two] = [engine({ lease_ms: 400 }), engine({ lease_ms: 400, poll_ms: 10 })];
    let runs = 0;
    const slow = spec(async () => {
      runs += 1;
      await sleep(1_000);
      return DONE;
    });
    await one.jobs.enqueue(one.db, [job('a')]);
    for (const { jobs, app } of [one, two]) jobs.start(app, [slow], []);
    await until(async () => (await left(one.db)) === 0);
    expect(runs).toBe(1);
  });

  it('a worker whose lease has passed on changes nothing', async () => {
    const { db, jobs, app } = engine();
    let finish = () => {};
    let began = false;
    const held = spec(async () => {
      began = true;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return DONE;
    });
    jobs.start(app, [held], []);
    await jobs.enqueue(db, [job('a')]);
    jobs.wake();
    await until(() => began);
    await db.query(sql`update jobs set token = 'another'`);
    finish();
    await jobs.stop();
    const rows = await db.query<{ token: string }>(sql`select token from jobs`);
    expect(rows).toEqual([{ token: 'another' }]);
  });

  it('a job whose workers die in every try ends as a dead letter', async () => {
    const { db, jobs, app } = engine();
    await jobs.enqueue(db, [job('a')]);
    await db.query(sql`update jobs set tries = 3, token = 'dead'`);
    let ran = 0;
    jobs.start(app, [spec(async () => ((ran += 1), DONE))], []);
    await until(async () => (await listDead(db, { book: 0, limit: 10 })).length === 1);
    expect(ran).toBe(0);
  });

  it('stopping lets a running job finish', async () => {
    const { db, jobs, app } = engine();
    let [began, ended] = [false, false];
    const slow = spec(async () => {
      began = true;
      await sleep(60);
      ended = true;
      return DONE;
    });
    jobs.start(app, [slow], []);
    await jobs.enqueue(db, [job('a')]);
    jobs.wake();
    await until(() => began);
    await jobs.stop();
    expect(ended).toBe(true);
    expect(await left(db)).toBe(0);
  });
});

describe('a database that goes away', () => {
  it('cut connections are made again and no job is lost', async () => {
    const { db, jobs, app } = engine({ poll_ms: 100 });
    const admin = openDb({ url, max_connections: 1 });
    const ran = new Set<string>();
    const work = spec(async ({ key }) => {
      await sleep(5);
      ran.add(key);
      return DONE;
    });
    jobs.start(app, [work], []);
    const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);
    await jobs.enqueue(
      db,
      keys.map((key) => job(key)),
    );
    jobs.wake();
    for (let cut = 0; cut < 3; cut += 1) {
      await until(() => ran.size > cut * 10);
      await admin.query(sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
    }
    await until(async () => (await left(admin)) === 0);
    expect(ran.size).toBe(60);
    await admin.end();
  });
});

describe('periodic work', () => {
  it('is run by one process at a time, and again when its time comes', async () => {
    const runs: string[] = [];
    const processes = [engine(), engine()];
    processes.forEach(({ jobs, app }, index) => {
      const run = async () => void runs.push(`process ${index}`);
      jobs.start(app, [], [{ name: 'often', every_ms: 40, run }]);
    });
    const rare = engine();
    const once = async () => void runs.push('rare');
    rare.jobs.start(rare.app, [], [{ name: 'rare', every_ms: FAR_MS, run: once }]);
    const late = engine();
    late.jobs.start(late.app, [], [{ name: 'rare', every_ms: FAR_MS, run: once }]);
    await until(() => runs.filter((run) => run !== 'rare').length >= 4);
    expect(runs.filter((run) => run === 'rare')).toHaveLength(1);
  });

  it('a failing run comes again', async () => {
    const { jobs, app } = engine();
    let runs = 0;
    const run = async () => {
      runs += 1;
      throw new Error('not today');
    };
    jobs.start(app, [], [{ name: 'failing', every_ms: 5, run }]);
    await until(() => runs >= 2);
    expect(runs).toBeGreaterThanOrEqual(2);
  });
});
