import type { WalletCall } from '../../calls.ts';

/** Royalty (商家分账). */
export const ROYALTY_CALLS: readonly WalletCall[] = [];
