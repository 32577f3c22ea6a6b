import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type ChromiumFound, unpackChromium } from './chromium-unpack.ts';
import { mintedKeys } from './minted-keys.ts';
import { type SharedServer, startShared } from './own-postgres.ts';
import type { TestServer } from './test-server.ts';

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
