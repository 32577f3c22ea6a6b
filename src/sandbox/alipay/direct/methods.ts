import type { Method } from '../api/method.ts';

/** Direct payment (直付通): onboarding of sellers, confirmation of settlement. */
export const DIRECT_METHODS: readonly Method[] = [];
