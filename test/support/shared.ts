import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the run's main process answers; see `global-setup.ts`. */
    shared: string;
  }
}

const TIMEOUT_MS = 60_000;

/** Asks the run's main process for something that all test files share. */
export async function askShared(what: 'database' | 'chromium' | 'keys'): Promise<unknown> {
  const response = await fetch(`${inject('shared')}/${what}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`no ${what} for this run: ${await response.text()}`);
  return response.json();
}
