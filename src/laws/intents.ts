import type { Law } from '../check/law.ts';
import { sql, statement } from '../db/pool.ts';
import type { JobKind } from '../jobs/jobs.ts';

/** Law 4 and what every room shares: idempotency keys, jobs, and ids that carry their book. */
const keysSayWhat: Law = {
  name: 'keys.have-an-answer',
  means: 'A committed idempotency key has its answer, or names the object that answers.',
  violations: sql`
    select key_hash as id, format('%s, status %s', state, status) as detail
    from idempotency_keys where response is null and object_id is null`,
};

const keysNameObjects: Law = {
  name: 'keys.objects-are-there',
  means: 'The payment, attempt, refund or payout that an idempotency key names committed with it.',
  violations: sql`
    select k.key_hash as id, format('%s is not there', k.object_id) as detail
    from idempotency_keys k
    left join (
      select book, id from payments
      union all select book, id from attempts
      union all select book, id from refunds
      union all select book, id from payouts
    ) o on o.book = k.book and o.id = k.object_id
    where substr(k.object_id, 1, 4) in ('pay_', 'att_', 'rfd_', 'pyo_') and o.id is null`,
};

/** Whose id the key of a job is; bills have no book. */
const SUBJECTS: Readonly<Record<JobKind, string>> = {
  'notification.process': 'notifications',
  'attempt.close': 'attempts',
  'refund.send': 'refunds',
  'webhook.deliver': 'deliveries',
  'payout.send': 'payouts',
  'bill.close': 'bills',
};

const jobsHaveSubjects: Law = {
  name: 'jobs.have-subjects',
  means: 'What a job is about is there.',
  violations: statement(
    Object.entries(SUBJECTS)
      .map(
        ([kind, table]) => `
    select j.id, format('%s of %s, which is not there', j.kind, j.key) as detail
    from jobs j left join ${table} s on ${table === 'bills' ? '' : 's.book = j.book and '}s.id = j.key
    where j.kind = '${kind}' and s.id is null`,
      )
      .join('\n    union all'),
    [],
  ),
};

/** Tables whose ids carry their book. */
const IN_BOOKS = [
  'payments',
  'attempts',
  'refunds',
  'postings',
  'events',
  'deliveries',
  'notifications',
  'jobs',
  'breaks',
  'holds',
  'split_orders',
  'fee_batches',
  'wallet_calls',
  'settlements',
  'payouts',
  'payment_parts',
];

/** The two digits of the book behind the prefix, in Crockford's base 32. */
const BOOK_IN_ID = `
      32 * (strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 5, 1)) - 1)
        + strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, 6, 1)) - 1`;

const idsCarryTheirBook: Law = {
  name: 'ids.carry-their-book',
  means: 'Every row is in the book that its id says.',
  violations: statement(
    IN_BOOKS.map(
      (table) => `
    select id, format('in book %s of ${table}', book) as detail
    from ${table} where book <> ${BOOK_IN_ID}`,
    ).join('\n    union all'),
    [],
  ),
};

export const INTENT_LAWS: readonly Law[] = [
  keysSayWhat,
  keysNameObjects,
  jobsHaveSubjects,
  idsCarryTheirBook,
];
