import type { Route } from '../api/route.ts';

/** Transfers from a merchant to a person. */
export const TRANSFER_ROUTES: readonly Route[] = [];
