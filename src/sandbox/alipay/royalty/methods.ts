import type { Method } from '../api/method.ts';

/** Royalty (商家分账): receivers, settle, queries. */
export const ROYALTY_METHODS: readonly Method[] = [];
