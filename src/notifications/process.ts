import { z } from 'zod';
import type { App } from '../app.ts';
import { advanceCombined, NotToldYet } from '../combined/advance.ts';
import { waitLonger } from '../jobs/backoff.ts';
import type { Job, JobResult, JobSpec } from '../jobs/jobs.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { advance } from '../payments/advance.ts';
import { advancePayout, payoutReport, withdrawalReport } from '../payouts/advance.ts';
import { hearSplit } from '../profit-sharing/hear.ts';
import { advanceRefund } from '../refunds/advance.ts';
import type { HeardNotification } from '../wallets/notification.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { NOTIFICATION_ROW, selectNotification } from './queries.ts';
import { parseStoredFact } from './stored-fact.ts';

/** The inbox row settles in the same move as the fact it brought. */
export const processNotification: JobSpec = {
  kind: 'notification.process',
  max_tries: 60,
  concurrency: 32,
  first_gap_ms: 200,
  max_gap_ms: 60_000,
  run: async (app, job) => {
    const stored = await storedBy(app, job);
    if (!stored) return { done: true };
    const content = parseStoredFact(stored.content);
    const account = await requireAccount(app.wallets, stored.wallet_account_id);
    const settled: Settled = (result) => [processed(app, job.key, result)];
    try {
      await apply(app, account, content, settled);
    } catch (error) {
      return again(app, job, error);
    }
    return { done: true };
  },
};

/** An outage of the wallet's may last longer than all tries. */
const AGAIN = { first_ms: 1_000, max_ms: 300_000 } as const;
const LONGEST_MS = 7 * 86_400_000;

function again({ config }: App, { age_ms }: Job, error: unknown): JobResult {
  const { retry_pace } = config;
  if (!(error instanceof NotToldYet) || age_ms > LONGEST_MS * retry_pace) throw error;
  const gaps = { first_ms: AGAIN.first_ms * retry_pace, max_ms: AGAIN.max_ms * retry_pace };
  return { again_in_ms: waitLonger(age_ms, gaps) };
}

type Settled = (result: { outcome: string; payment_id: string | null }) => RowChange[];

/** Each kind of fact takes its one way. */
async function apply(
  app: App,
  account: WalletAccount,
  content: HeardNotification,
  settled: Settled,
): Promise<unknown> {
  switch (content.about) {
    case 'payment':
      return advance(app, account, content.fact, 'notification', settled);
    case 'refund':
      return advanceRefund(app, account, content.fact, 'notification', settled);
    case 'combined':
      return advanceCombined(app, account, content, 'notification', settled);
    case 'payout':
      return advancePayout(app, account, payoutReport(content.fact), 'notification', settled);
    case 'withdrawal':
      return advancePayout(app, account, withdrawalReport(content.fact), 'notification', settled);
    case 'split':
      return hearSplit(app, account, content, settled);
    default:
      return content satisfies never;
  }
}

const carried = z.object({ account: z.string(), content: z.unknown() });

/** The first try has the fact from the job; a later one looks whether an earlier one settled it. */
async function storedBy(
  app: App,
  job: Job,
): Promise<{ wallet_account_id: string; content: unknown } | undefined> {
  if (job.tries === 1) {
    const { account, content } = carried.parse(job.payload);
    return { wallet_account_id: account, content };
  }
  const stored = await selectNotification(app.db, job.book, job.key);
  return stored?.processed_at === null ? stored : undefined;
}

function processed(
  app: App,
  id: string,
  result: { outcome: string; payment_id: string | null },
): RowChange {
  return {
    op: 'set',
    kind: NOTIFICATION_ROW,
    id,
    values: {
      outcome: result.outcome,
      payment_id: result.payment_id,
      processed_at: app.clock.real(),
    },
  };
}
