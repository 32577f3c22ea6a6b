import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { listOf, listSchema, pageFields, pageOf } from '../http/pagination.ts';
import { type Route, route } from '../http/route.ts';
import { id, timestampOut } from '../http/schemas.ts';
import { bookOf, MAX_BOOK } from '../ids.ts';
import { type DeadJob, listDead, replayDead } from './dead-letters.ts';
import { JOB_KINDS } from './jobs.ts';

/** Work that failed in its last try, for operators: seen, mended, replayed. */
const TAG = 'Operations';

const deadJob = z
  .object({
    id: id('job'),
    object: z.literal('dead_job'),
    created_at: timestampOut,
    kind: z.enum(JOB_KINDS),
    key: z.string(),
    tries: z.int(),
    last_error: z.string().nullable(),
  })
  .openapi('DeadJob');

export function jobRoutes(app: App): readonly Route[] {
  return [listRoute(app), replayRoute(app)];
}

function renderDead(job: DeadJob) {
  return {
    id: job.id,
    object: 'dead_job' as const,
    created_at: job.created_at.toISOString(),
    kind: job.kind,
    key: job.key,
    tries: job.tries,
    last_error: job.last_error,
  };
}

function listRoute(app: App): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/dead_jobs',
      roles: ['operator'],
      tag: TAG,
      summary: 'List work that failed in its last try, newest first',
      query: z.strictObject({
        ...pageFields,
        book: z
          .string()
          .regex(/^\d{1,4}$/, 'must be the number of a book')
          .default('0')
          .transform(Number)
          .refine((book) => book <= MAX_BOOK, `must be 0 to ${MAX_BOOK}`)
          .openapi({ type: 'integer', minimum: 0, maximum: MAX_BOOK, default: 0 }),
      }),
      status: 200,
      answer: listSchema(deadJob),
    },
    async ({ query }) => {
      const page = pageOf('job', query);
      const { before, limit } = page;
      const rows = await listDead(app.db, { book: query.book, before, limit: limit + 1 });
      return { status: 200, body: listOf(rows, page, renderDead) };
    },
  );
}

function replayRoute(app: App): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/dead_jobs/{job}/replay',
      roles: ['operator'],
      tag: TAG,
      summary: 'Give failed work all its tries back, now',
      description: 'Harmless to repeat: work that is no longer dead is answered with 404.',
      params: { job: 'job' },
      status: 202,
      answer: z.object({ id: id('job'), object: z.literal('dead_job'), replayed: z.literal(true) }),
    },
    async ({ params: { job } }) => {
      if (!(await replayDead(app.db, { book: bookOf(job), id: job }))) {
        throw new Refusal('not_found');
      }
      app.jobs.wake();
      return { status: 202, body: { id: job, object: 'dead_job', replayed: true } };
    },
  );
}
