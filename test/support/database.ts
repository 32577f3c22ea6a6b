import { randomBytes } from 'node:crypto';
import { afterAll } from 'vitest';
import { z } from 'zod';
import { createDatabase, dropDatabase } from '../../src/db/postgres-admin.ts';
import { askShared } from './shared.ts';

/** The run's PostgreSQL, as `global-setup.ts` starts it. */
export interface TestServer {
  /** Connects to the maintenance database as a role that may create databases. */
  readonly url: string;
  /** A database with every migration applied; nobody connects to it. */
  readonly template: string;
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** The same server, another database. */
export function urlOf(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return parsed.toString();
}

const serverShape = z.object({ url: z.string(), template: z.string() });

async function server(): Promise<TestServer> {
  return serverShape.parse(await askShared('database'));
}

/**
 * A fresh database with today's schema, cloned from the template; dropped after the file's tests.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url, template } = await server();
  return cloneOf(url, template);
}

/** A fresh database without any table, for tests of migrations and of other schemas. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const { url } = await server();
  return cloneOf(url, 'template1');
}

const drops: (() => Promise<void>)[] = [];
// Registered while the test file loads, so it runs after every hook of the file itself.
afterAll(async () => {
  for (const drop of drops) await drop();
});

async function cloneOf(url: string, template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const drop = () => dropDatabase(url, name);
  drops.push(drop);
  await createDatabase(url, { name, template });
  return { url: urlOf(url, name), name, drop };
}
