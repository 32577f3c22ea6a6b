import type { WalletCall } from '../../calls.ts';

/** Transfers to persons. */
export const PAYOUT_CALLS: readonly WalletCall[] = [];
