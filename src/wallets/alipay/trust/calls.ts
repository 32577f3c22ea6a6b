import type { WalletCall } from '../../calls.ts';

/** Tokens and certificates. */
export const TRUST_CALLS: readonly WalletCall[] = [];
