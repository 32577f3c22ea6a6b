import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sql } from '../db/pool.ts';
import { listDead } from './dead-letters.ts';
import {
  DONE,
  engine,
  FAR_MS,
  job,
  left,
  noting,
  openJobsDatabase,
  outsider,
  spec,
  until,
} from './testing.ts';

openJobsDatabase();

describe('leases', () => {
  it('a dead worker’s job is run by another within its lease', async () => {
    const { db, jobs, app } = engine({ poll_ms: 20 });
    await jobs.enqueue(db, [job('a')]);
    // What a killed worker leaves behind: a held row that nobody extends.
    await db.query(sql`
      update jobs set token = 'dead', tries = 1, run_at = now() + interval '150 milliseconds'`);
    const ran: number[] = [];
    jobs.start(app, [noting(ran, ({ tries }) => tries)], []);
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
    const ran: string[] = [];
    jobs.start(app, [noting(ran, ({ key }) => key)], []);
    await until(async () => (await listDead(db, { book: 0, limit: 10 })).length === 1);
    expect(ran).toEqual([]);
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
    const admin = outsider();
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
