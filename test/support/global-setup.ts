import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/migrate.ts';
import { createDatabase, createRole, dropDatabase } from '../../src/db/postgres-admin.ts';
import { startPostgres } from '../../src/db/postgres-server.ts';
import { type ChromiumFound, unpackChromium } from './chromium-unpack.ts';
import { mintedKeys } from './minted-keys.ts';
import { type TestServer, urlOf } from './test-server.ts';

/**
 * What a whole test run shares, made when the first test asks for it: one PostgreSQL with a
 * template database, the keys of the sandboxes, and an unpacked Chromium. Test files run in other
 * processes, so they ask over a loopback socket of this one. A run of pure tests starts nothing.
 *
 * `TEST_DATABASE_URL` (a role that may create databases) uses a server of yours instead.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  let database: Promise<SharedServer> | undefined;
  let chromium: Promise<ChromiumFound> | undefined;
  let keys: Promise<string> | undefined;
  async function answer(path: string | undefined): Promise<string | ChromiumFound | TestServer> {
    if (path === '/chromium') {
      chromium ??= unpackChromium();
      return chromium;
    }
    if (path === '/keys') {
      keys ??= mintedKeys();
      return keys;
    }
    database ??= startShared();
    const { url, template } = await database;
    return { url, template };
  }
  const server = createServer((request, response) => {
    answer(request.url).then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  project.provide('shared', `http://127.0.0.1:${port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await database)?.stop();
  };
}

interface SharedServer extends TestServer {
  stop(): Promise<void>;
}

const ROLE = 'hutong_test';

async function startShared(): Promise<SharedServer> {
  const given = process.env['TEST_DATABASE_URL'];
  const server =
    given === undefined ? await startOwn() : { url: given, stop: () => Promise.resolve() };
  const template = `hutong_template_${randomBytes(6).toString('hex')}`;
  await createDatabase(server.url, { name: template });
  await migrate(urlOf(server.url, template));
  return {
    url: server.url,
    template,
    stop: async () => {
      if (given !== undefined) await dropDatabase(server.url, template);
      await server.stop();
    },
  };
}

async function startOwn(): Promise<{ url: string; stop(): Promise<void> }> {
  const data_dir = mkdtempSync(join(tmpdir(), 'hutong-test-'));
  // Root runs the server as nobody, who must be able to search the folder.
  chmodSync(data_dir, 0o711);
  const postgres = await startPostgres({ data_dir, durable: false });
  // An ordinary role, as in production: revoked rights and row security hold for it.
  await createRole(postgres.connectionString('postgres'), {
    name: ROLE,
    may_create_databases: true,
  });
  return {
    url: postgres.connectionString('postgres', ROLE),
    stop: async () => {
      await postgres.stop('immediate');
      rmSync(data_dir, { recursive: true, force: true });
    },
  };
}
