import type { WalletCall } from '../../calls.ts';

/** Bills and their download. */
export const BILL_CALLS: readonly WalletCall[] = [];
