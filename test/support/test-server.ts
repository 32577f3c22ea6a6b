import { z } from 'zod';

/** The run's PostgreSQL, as `global-setup.ts` starts it. */
export interface TestServer {
  /** Connects to the maintenance database as a role that may create databases. */
  readonly url: string;
  /** A database with every migration applied; nobody connects to it. */
  readonly template: string;
}

export const testServerShape = z.object({ url: z.string(), template: z.string() });

/** The same server, another database. */
export function urlOf(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return parsed.toString();
}
