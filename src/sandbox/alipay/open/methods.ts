import type { Method } from '../api/method.ts';

/** Tokens, certificates and application matters. */
export const OPEN_METHODS: readonly Method[] = [];
