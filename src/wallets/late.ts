import type { App } from '../app.ts';

/**
 * How long a request without an answer, or a copy of it, may be under way to a wallet: what the
 * wallet says of its number before that is not its last word (decision 0022).
 */
export const LATE_MS = 60_000;

/** @param since real time at which the last of them was sent */
export function mayStillArrive(app: Pick<App, 'config' | 'clock'>, since: Date): boolean {
  const age_ms = app.clock.real().getTime() - since.getTime();
  return age_ms < LATE_MS * app.config.retry_pace;
}
