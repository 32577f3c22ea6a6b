import type { App } from '../app.ts';
import { isDatabaseAway } from '../db/pool.ts';
import { backOff, jitter } from './backoff.ts';
import { errorText } from './error-text.ts';
import type { Job, JobResult, JobSpec } from './jobs.ts';
import type { Outcome } from './results.ts';

/** Runs one claimed job and decides what becomes of it. Never throws. */
export async function runJob(
  app: App,
  spec: JobSpec,
  job: Job,
  retry_pace: number,
): Promise<Outcome> {
  if (job.tries > spec.max_tries) {
    return dead(app, job, 'its worker died, or lost its lease, in every try');
  }
  try {
    return accept(job, await spec.run(app, job));
  } catch (error) {
    return retry(app, spec, job, { error, retry_pace });
  }
}

function accept(job: Job, result: JobResult): Outcome {
  if ('done' in result) return { kind: 'done' };
  const put = { state: 'ready', in_ms: result.again_in_ms, tries: job.tries - 1 } as const;
  return { kind: 'back', put: { ...put, last_error: null } };
}

function retry(
  app: App,
  spec: JobSpec,
  job: Job,
  { error, retry_pace }: { error: unknown; retry_pace: number },
): Outcome {
  const { book, kind, id, key, tries } = job;
  const first_ms = spec.first_gap_ms * retry_pace;
  if (isDatabaseAway(error)) {
    // The job did nothing wrong: the try is not counted.
    const put = { state: 'ready', in_ms: jitter(first_ms), tries: tries - 1 } as const;
    return { kind: 'back', put: { ...put, last_error: errorText(error) } };
  }
  if (tries >= spec.max_tries) return dead(app, job, error);
  const in_ms = backOff(tries, { first_ms, max_ms: spec.max_gap_ms * retry_pace });
  app.log.warn({ err: error, job: { book, kind, id, key, tries }, in_ms }, 'a job failed');
  return { kind: 'back', put: { state: 'ready', in_ms, tries, last_error: errorText(error) } };
}

function dead(app: App, job: Job, error: unknown): Outcome {
  const { book, kind, id, key, tries } = job;
  app.log.error({ err: error, job: { book, kind, id, key, tries } }, 'a job is dead');
  return { kind: 'back', put: { state: 'dead', in_ms: 0, tries, last_error: errorText(error) } };
}
