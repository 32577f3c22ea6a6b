import type { WalletCall } from '../../calls.ts';

/** Payments, payer codes, merged payments, refunds. */
export const TRADE_CALLS: readonly WalletCall[] = [];
