import type { Route } from '../api/route.ts';

/** Bills and their download. */
export const BILL_ROUTES: readonly Route[] = [];
