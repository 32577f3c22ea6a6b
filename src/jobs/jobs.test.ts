import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { listDead, replayDead } from './dead-letters.ts';
import { DONE, engine, job, left, noting, openJobsDatabase, spec, until } from './testing.ts';

openJobsDatabase();

describe('jobs', () => {
  it('a wake after commit runs a job without any poll', async () => {
    const { jobs, app, db } = engine();
    const ran: string[] = [];
    jobs.start(app, [noting(ran, ({ key }) => key)], []);
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
    hub.jobs.start(hub.app, [noting(ran, ({ key }) => key)], []);
    await hub.jobs.idle();
    await shop.jobs.enqueue(shop.db, [job('a')]);
    shop.jobs.wake();
    await until(() => ran.length === 1);
  });

  it('a job of a transaction that rolls back never runs', async () => {
    const { jobs, app, db } = engine();
    const ran: string[] = [];
    jobs.start(app, [noting(ran, ({ key }) => key)], []);
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

  it('a failing job is tried again, its tries counted, then dead and replayable', async () => {
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

  it('an error that PostgreSQL could not store as it is holds nobody up', async () => {
    const { jobs, app, db } = engine();
    const failing = spec(async () => {
      throw new Error(`${'x'.repeat(499)}😀\u0000`);
    });
    jobs.start(app, [failing], []);
    await jobs.enqueue(db, [job('a')]);
    jobs.wake();
    await until(async () => (await listDead(db, { book: 0, limit: 10 })).length === 1);
    await jobs.idle();
    const [dead] = await listDead(db, { book: 0, limit: 10 });
    expect(dead?.last_error).toBe(`${'x'.repeat(499)}\ufffd`);
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
