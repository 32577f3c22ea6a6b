import type { WalletCall } from '../../calls.ts';

/** Bills. */
export const BILL_CALLS: readonly WalletCall[] = [];
