import type { WalletCall } from '../../calls.ts';

/** Certificates and the self-test. */
export const TRUST_CALLS: readonly WalletCall[] = [];
