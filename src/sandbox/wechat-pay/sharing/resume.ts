import type { SandboxContext } from '../context.ts';
import { scheduleWithdrawal } from '../ecommerce/withdrawals.ts';
import { watchHolds } from './overdue.ts';
import { scheduleReturn } from './returns.ts';
import { scheduleSplit } from './settle.ts';

/**
 * Splits, returns and withdrawals that were under way when the sandbox stopped end after all, and
 * money whose time is over is released.
 */
export function resumeSharing(context: SandboxContext): void {
  for (const split of context.sharing.splits.values()) {
    if (split.state === 'PROCESSING') scheduleSplit(context, split);
  }
  for (const record of context.sharing.returns.values()) {
    if (record.result === 'PROCESSING') scheduleReturn(context, record);
  }
  for (const withdrawal of context.withdrawals.pending) scheduleWithdrawal(context, withdrawal);
  watchHolds(context);
}
