import type { Method } from '../api/method.ts';

/** Transfers to persons and their query. */
export const FUND_METHODS: readonly Method[] = [];
