import type { Route } from '../api/route.ts';

/** Profit sharing, ordinary mode. */
export const SHARING_ROUTES: readonly Route[] = [];
