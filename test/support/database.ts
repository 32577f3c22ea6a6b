import { randomBytes } from 'node:crypto';
import { createDatabase, dropDatabase } from '../../src/db/postgres-admin.ts';
import { atFileEnd } from './file-end.ts';
import { askShared } from './shared.ts';
import { type TestServer, testServerShape, urlOf } from './test-server.ts';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

async function server(): Promise<TestServer> {
  return testServerShape.parse(await askShared('database'));
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

async function cloneOf(url: string, template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const drop = () => dropDatabase(url, name);
  atFileEnd(drop);
  await createDatabase(url, { name, template });
  return { url: urlOf(url, name), name, drop };
}
