import type { Method } from '../api/method.ts';

/** Bills and account logs. */
export const BILL_METHODS: readonly Method[] = [];
