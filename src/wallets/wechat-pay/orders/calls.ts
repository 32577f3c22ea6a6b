import type { WalletCall } from '../../calls.ts';

/** Orders of every kind, payer codes, combined orders. */
export const ORDER_CALLS: readonly WalletCall[] = [];
