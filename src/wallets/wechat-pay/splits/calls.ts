import type { WalletCall } from '../../calls.ts';

/** Profit sharing, ordinary and ecommerce. */
export const SPLIT_CALLS: readonly WalletCall[] = [];
