// Writes src/db/schema.sql from the migrations: node --import tsx scripts/schema.ts
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../src/db/migrate.ts';
import { createDatabase, createRole } from '../src/db/postgres-admin.ts';
import { startPostgres } from '../src/db/postgres-server.ts';
import { dumpSchema } from '../src/db/schema-dump.ts';
import { packageRoot } from '../src/package-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutong-schema-'));
chmodSync(folder, 0o711);
const server = await startPostgres({ data_dir: folder, durable: false });
try {
  const admin = server.connectionString('postgres');
  await createRole(admin, { name: 'hub' });
  await createDatabase(admin, { name: 'hub', owner: 'hub' });
  const url = server.connectionString('hub', 'hub');
  await migrate(url);
  const file = join(packageRoot(), 'src', 'db', 'schema.sql');
  writeFileSync(file, await dumpSchema(url));
  process.stdout.write(`wrote ${file}\n`);
} finally {
  await server.stop('immediate');
  rmSync(folder, { recursive: true, force: true });
}
