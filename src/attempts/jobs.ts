import type { App } from '../app.ts';
import { eachBook, eachGuarded } from '../jobs/due-work.ts';
import type { JobSpec, PeriodicSpec } from '../jobs/jobs.ts';
import { finishClose } from '../payments/close.ts';
import { mayBePaid } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import type { Attempt } from '../payments/payment.ts';
import { closeAttempt } from './close.ts';
import { findAttempts } from './find.ts';
import { queryAttempt } from './look-again.ts';
import { claimAttemptsToQuery } from './queries.ts';

const BATCH = 50;

async function findAttempt(
  app: App,
  paymentId: string,
  attemptId: string,
): Promise<Attempt | undefined> {
  const payment = await findPayment(app, paymentId);
  const attempts = payment ? await findAttempts(app, payment) : [];
  return attempts.find((entry) => entry.id === attemptId);
}

/** Asks the wallets about attempts whose next question is due. */
export const queryAttempts: PeriodicSpec = {
  name: 'attempts.query',
  every_ms: 1_000,
  run: (app) =>
    eachBook(app, async (book) => {
      const due = await claimAttemptsToQuery(app.db, book, app.config.job_lease_ms, BATCH);
      await eachGuarded(app, 'attempt query', due, async ({ id, payment_id }) => {
        const attempt = await findAttempt(app, payment_id, id);
        if (attempt) await queryAttempt(app, attempt);
      });
    }),
};

/** The payment was paid by another attempt: this one must not be payable any longer. */
export const closeOtherAttempt: JobSpec = {
  kind: 'attempt.close',
  max_tries: 50,
  concurrency: 4,
  first_gap_ms: 1_000,
  max_gap_ms: 300_000,
  run: async (app, job) => {
    const payment = await findPayment(app, String(job.payload['payment_id']));
    const attempts = payment ? await findAttempts(app, payment) : [];
    const attempt = attempts.find((entry) => entry.id === job.key);
    if (payment && attempt && mayBePaid(attempt)) {
      await closeAttempt(app, payment, attempt);
      await finishClose(app, payment);
    }
    return { done: true };
  },
};
