import type { WalletCall } from '../../calls.ts';

/** Direct payment (直付通): onboarding and settlement. */
export const DIRECT_CALLS: readonly WalletCall[] = [];
