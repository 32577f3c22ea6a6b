import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../src/db/migrate.ts';
import { createDatabase, createRole, dropDatabase } from '../../src/db/postgres-admin.ts';
import { startPostgres } from '../../src/db/postgres-server.ts';
import { type TestServer, urlOf } from './test-server.ts';

export interface SharedServer extends TestServer {
  stop(): Promise<void>;
}

const ROLE = 'hutong_test';

/** A server with the template, or the template alone on the server of `TEST_DATABASE_URL`. */
export async function startShared(): Promise<SharedServer> {
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
