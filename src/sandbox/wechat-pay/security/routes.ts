import type { Route } from '../api/route.ts';

/** Certificates and the self-test. */
export const SECURITY_ROUTES: readonly Route[] = [];
