import type { Route } from '../api/route.ts';

/** Ecommerce mode: onboarding, split, refund, funds. */
export const ECOMMERCE_ROUTES: readonly Route[] = [];
