import { askWhenDue } from '../jobs/due-work.ts';
import type { JobSpec } from '../jobs/jobs.ts';
import { finishClose } from '../payments/close.ts';
import { mayBePaid } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import { closeAttempt } from './close.ts';
import { findAttempts } from './find.ts';
import { queryAttempt } from './look-again.ts';

/** Asks the wallets about attempts whose next question is due. */
export const queryAttempts = askWhenDue({
  name: 'attempts.query',
  table: 'attempts',
  ask: queryAttempt,
});

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
