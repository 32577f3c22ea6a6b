import { expect, test } from 'vitest';
import { waitLonger } from './backoff.ts';
import { engine, openJobsDatabase } from './testing.ts';

openJobsDatabase();

test('what comes back unfinished waits longer each time, within its bounds', () => {
  const bounds = { first_ms: 3_000, max_ms: 300_000 };
  let age_ms = 0;
  let last_ms = 0;
  for (let round = 0; round < 30; round += 1) {
    const gap_ms = waitLonger(age_ms, bounds);
    expect(gap_ms).toBeGreaterThanOrEqual(0.75 * Math.max(3_000, Math.min(age_ms, 300_000)));
    expect(gap_ms).toBeLessThanOrEqual(1.25 * 300_000);
    age_ms += gap_ms;
    last_ms = gap_ms;
  }
  expect(last_ms).toBeGreaterThanOrEqual(0.75 * 300_000);
});

test('a job that comes back knows how long it has gone on', async () => {
  const { jobs, db, app } = engine();
  const ages: number[] = [];
  const seen = new Promise<void>((resolve) => {
    jobs.start(
      app,
      [
        {
          kind: 'refund.send',
          max_tries: 1,
          concurrency: 1,
          first_gap_ms: 1,
          max_gap_ms: 1,
          run: (_app, job) => {
            ages.push(job.age_ms);
            expect(job.tries).toBe(1);
            if (ages.length < 3) return Promise.resolve({ again_in_ms: 20 });
            resolve();
            return Promise.resolve({ done: true });
          },
        },
      ],
      [],
    );
  });
  await jobs.enqueue(db, [{ book: 0, kind: 'refund.send', key: 'a', payload: {} }]);
  jobs.wake();
  await seen;
  expect(ages).toEqual([...ages].sort((a, b) => a - b));
  expect(ages[2]).toBeGreaterThan(ages[0] ?? 0);
});
