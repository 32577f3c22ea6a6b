import type { WalletCall } from '../../calls.ts';

/** Onboarding of sellers, ecommerce refunds, subsidies, funds. */
export const ECOMMERCE_CALLS: readonly WalletCall[] = [];
