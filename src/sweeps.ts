import type { App } from './app.ts';
import type { JobSpec, PeriodicSpec } from './jobs/jobs.ts';
import { processNotification } from './notifications/process.ts';
import { closeAttempt, finishClose, requestClose } from './payments/close.ts';
import { mayBePaid } from './payments/decide.ts';
import { findAttempts, findPayment } from './payments/find.ts';
import { queryAttempt } from './payments/look-again.ts';
import { claimAttemptsToQuery, selectBooks, selectExpired } from './payments/queries.ts';
import { claimRefundsToQuery } from './refunds/queries.ts';
import { queryRefund, sendRefundJob } from './refunds/send.ts';
import { deliverWebhook } from './webhooks/deliver.ts';
import { sealEvents } from './webhooks/sealer.ts';

/** All durable and periodic work of the hub, in one list. */
const BATCH = 50;
const AT_ONCE = 8;

async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

/** One failing object must not keep the others of the batch waiting. */
async function guarded(app: App, what: string, id: string, work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    app.log.error({ err: error, id }, `${what} failed; it is tried again`);
  }
}

const expirePayments: PeriodicSpec = {
  name: 'payments.expire',
  every_ms: 1_000,
  run: async (app) => {
    for (const book of await selectBooks(app.db)) {
      const ids = await selectExpired(app.db, book, BATCH);
      await eachAtOnce(ids, (id) =>
        guarded(app, 'expiry', id, async () => {
          const payment = await findPayment(app, id);
          if (payment) await requestClose(app, payment, 'expired');
        }),
      );
    }
  },
};

const queryAttempts: PeriodicSpec = {
  name: 'attempts.query',
  every_ms: 1_000,
  run: async (app) => {
    const lease = app.config.job_lease_ms;
    for (const book of await selectBooks(app.db)) {
      const due = await claimAttemptsToQuery(app.db, book, lease, BATCH);
      await eachAtOnce(due, (row) =>
        guarded(app, 'query', row.id, async () => {
          const payment = await findPayment(app, row.payment_id);
          const attempts = payment ? await findAttempts(app, payment) : [];
          const attempt = attempts.find((entry) => entry.id === row.id);
          if (attempt) await queryAttempt(app, attempt);
        }),
      );
    }
  },
};

const queryRefunds: PeriodicSpec = {
  name: 'refunds.query',
  every_ms: 1_000,
  run: async (app) => {
    const lease = app.config.job_lease_ms;
    for (const book of await selectBooks(app.db)) {
      const due = await claimRefundsToQuery(app.db, book, lease, BATCH);
      await eachAtOnce(due, (row) =>
        guarded(app, 'refund query', row.id, () => queryRefund(app, book, row.id)),
      );
    }
  },
};

/** The payment was paid elsewhere: this attempt must not be payable any longer. */
const closeOtherAttempt: JobSpec = {
  kind: 'attempt.close',
  max_tries: 50,
  concurrency: 4,
  first_gap_ms: 1_000,
  max_gap_ms: 300_000,
  run: async (app, job) => {
    const payment = await findPayment(app, String(job.payload.payment_id));
    const attempts = payment ? await findAttempts(app, payment) : [];
    const attempt = attempts.find((entry) => entry.id === job.key);
    if (payment && attempt && mayBePaid(attempt)) {
      await closeAttempt(app, payment, attempt);
      await finishClose(app, payment);
    }
    return { done: true };
  },
};

export const JOB_SPECS: readonly JobSpec[] = [
  processNotification,
  sendRefundJob,
  closeOtherAttempt,
  deliverWebhook,
];

export const PERIODIC_SPECS: readonly PeriodicSpec[] = [
  expirePayments,
  queryAttempts,
  queryRefunds,
  sealEvents,
];
