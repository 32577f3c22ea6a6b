import { closeOtherAttempt, queryAttempts } from './attempts/jobs.ts';
import { releaseDueHolds } from './escrow/jobs.ts';
import { watchHolds } from './escrow/watch.ts';
import { forgetOldKeys } from './http/idempotency.ts';
import type { JobSpec, PeriodicSpec } from './jobs/jobs.ts';
import { expireReservations, forgetLetters } from './ledger/writer/upkeep.ts';
import { processNotification } from './notifications/process.ts';
import { expirePayments } from './payments/close.ts';
import { payOutSettled, queryPayouts, sendPayoutJob } from './payouts/jobs.ts';
import { querySplits } from './profit-sharing/jobs.ts';
import { closeBillDay, scheduleBills } from './reconciliation/jobs.ts';
import { queryRefunds, sendRefundJob } from './refunds/jobs.ts';
import { settleDays } from './settlement/jobs.ts';
import { deliverWebhook } from './webhooks/deliver.ts';
import { sealEvents } from './webhooks/sealer.ts';

/** All durable work of the hub, in one list. */
export const JOB_SPECS: readonly JobSpec[] = [
  processNotification,
  sendRefundJob,
  closeOtherAttempt,
  deliverWebhook,
  sendPayoutJob,
  closeBillDay,
];

/** All periodic work. */
export const PERIODIC_SPECS: readonly PeriodicSpec[] = [
  expirePayments,
  queryAttempts,
  queryRefunds,
  querySplits,
  releaseDueHolds,
  watchHolds,
  settleDays,
  payOutSettled,
  queryPayouts,
  sealEvents,
  forgetOldKeys,
  expireReservations,
  forgetLetters,
  scheduleBills,
];
