import type { WalletCall } from '../../calls.ts';

/** Refunds, also abnormal ones. */
export const REFUND_CALLS: readonly WalletCall[] = [];
