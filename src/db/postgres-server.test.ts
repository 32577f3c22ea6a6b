import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-root.ts';
import { createDatabase, createRole, withClient } from './postgres-admin.ts';
import { prepareBinaries } from './postgres-binaries.ts';
import { prepareCluster } from './postgres-cluster.ts';
import { canReach } from './postgres-identity.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { keepPostgres } from './postgres-supervisor.ts';

const asRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const holder = join(packageRoot(), 'test', 'support', 'hold-postgres.ts');

let folder: string;
let data_dir: string;
const running: PostgresServer[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutong-server-'));
  chmodSync(folder, 0o711);
  data_dir = join(folder, 'data');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running.splice(0)) await server.stop('immediate');
  if (existsSync(join(data_dir, 'cluster-id'))) {
    const id = readFileSync(join(data_dir, 'cluster-id'), 'utf8').trim();
    rmSync(join('/var/lib/hutong', id), { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<PostgresServer> {
  const server = await startPostgres({ data_dir });
  running.push(server);
  return server;
}

async function write(url: string, amount: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('create table if not exists coins (amount integer)');
    await client.query('insert into coins values ($1)', [amount]);
  });
}

function coins(url: string): Promise<number[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ amount: number }>('select amount from coins');
    return rows.map(({ amount }) => amount);
  });
}

/** Starts the program that holds PostgreSQL, as `user` when given (root only). */
async function hold(user?: number): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const node = [process.execPath, '--import', 'tsx', holder, data_dir];
  const as = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...node];
  const [command = '', ...args] = user === undefined ? node : as;
  const child = spawn(command, args, { cwd: packageRoot(), stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the program that holds PostgreSQL ended with ${code}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), gone]);
  gone.catch(() => {});
  return { child, ...JSON.parse(String(line)) };
}

async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('startPostgres', () => {
  test('keeps its data across a regular stop, in UTF-8 whatever the locale of the machine', async () => {
    const first = await start();
    await write(first.connectionString('postgres'), 1);
    await first.stop();
    const url = (await start()).connectionString('postgres');
    expect(await coins(url)).toEqual([1]);
    const said = await withClient(url, async (client) => {
      const { rows } = await client.query(
        `select current_setting('server_encoding') as encoding, datlocprovider as provider,
           current_setting('fsync') as fsync, length('胡同') as length
         from pg_database where datname = 'postgres'`,
      );
      return rows[0];
    });
    expect(said).toEqual({ encoding: 'UTF8', provider: 'b', fsync: 'on', length: 2 });
  });

  test('opens no TCP port, and its socket folder only to its owner', async () => {
    const server = await start();
    const address = await withClient(server.connectionString('postgres'), async (client) => {
      const { rows } = await client.query('show listen_addresses');
      return rows[0];
    });
    expect(address).toEqual({ listen_addresses: '' });
    const { mode, uid } = statSync(server.socket_dir);
    expect(mode & 0o777).toBe(0o700);
    expect(uid).toBe(asRoot ? NOBODY : process.getuid?.());
  });

  test('a server killed with -9 says so, and starts again at once with its data', async () => {
    let server = await start();
    for (const amount of [1, 2, 3]) {
      await write(server.connectionString('postgres'), amount);
      process.kill(server.pid, 'SIGKILL');
      expect((await server.killed()).signal).toBe('SIGKILL');
      server = await start();
    }
    expect(await coins(server.connectionString('postgres'))).toEqual([1, 2, 3]);
  });

  test('takes over from an orphan that still runs, and keeps what it wrote', async () => {
    const cluster = prepareCluster(data_dir, { durable: true });
    const { identity, binaries, socket_dir } = cluster;
    const orphan = spawn(
      join(binaries.folder, 'bin', 'postgres'),
      [
        '-D',
        cluster.folder,
        '-c',
        'listen_addresses=',
        '-c',
        `unix_socket_directories=${socket_dir}`,
      ],
      { cwd: '/', env: {}, ...(asRoot ? { uid: identity.uid, gid: identity.gid } : {}) },
    );
    children.push(orphan);
    const pid = orphan.pid ?? 0;
    const url = `postgresql://hutong@localhost/postgres?host=${encodeURIComponent(socket_dir)}`;
    for (let written = false; !written; ) {
      written = await write(url, 7).then(
        () => true,
        () => false,
      );
    }
    const server = await start();
    expect(server.pid).not.toBe(pid);
    expect(() => process.kill(pid, 0)).toThrow();
    expect(await coins(server.connectionString('postgres'))).toEqual([7]);
  });

  test('refuses a folder that a living hub is using', async () => {
    await start();
    await expect(start()).rejects.toThrow(/another hub \(process \d+\) is using the database/);
  });

  test('a hub killed with -9 leaves neither a lock nor a lost row', async () => {
    const { child, pid, url } = await hold();
    await write(url, 5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start();
    expect(await coins(server.connectionString('postgres'))).toEqual([5]);
    await untilGone(pid);
  });

  test('a number that another process has by now is no orphan', async () => {
    const first = await start();
    const file = join(data_dir, 'cluster', 'postmaster.pid');
    await first.stop();
    writeFileSync(file, `${process.pid}\n${join(data_dir, 'cluster')}\n1\n5432\n\n\n\nready\n`);
    if (asRoot) chownSync(file, NOBODY, NOBODY);
    await expect(start()).resolves.toMatchObject({ port: 5432 });
  });

  test('refuses a cluster of another PostgreSQL, and says what to do', async () => {
    await (await start()).stop();
    writeFileSync(join(data_dir, 'cluster', 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17 and this release brings 18/);
  });

  test('an interrupted creation is begun again', async () => {
    mkdirSync(join(data_dir, 'cluster.new-1', 'base'), { recursive: true });
    await start();
    expect(readdirSync(data_dir).filter((name) => name.startsWith('cluster.new'))).toEqual([]);
  });

  test('PostgreSQL’s own complaint reaches the caller', async () => {
    const attempt = startPostgres({ data_dir, settings: { shared_buffers: 'many' } });
    await expect(attempt).rejects.toThrow(/shared_buffers.*many/);
    // The lock was given back.
    await start();
  });
});

describe.skipIf(!asRoot)('as root', () => {
  test('a data folder that nobody else may enter works, and is found again', async () => {
    chmodSync(folder, 0o700);
    const first = await start();
    await write(first.connectionString('postgres'), 3);
    await first.stop();
    expect(readdirSync(data_dir)).toEqual(['cluster-id']);
    expect(await coins((await start()).connectionString('postgres'))).toEqual([3]);
  });

  test('a database that was moved away is never replaced by an empty one', async () => {
    mkdirSync(data_dir);
    writeFileSync(join(data_dir, 'cluster-id'), '00112233445566ff\n');
    await expect(start()).rejects.toThrow(/00112233445566ff but is gone: restore it/);
  });

  test('an ordinary user’s hub works, and root can take its data over', async ({ skip }) => {
    const nobody = { uid: NOBODY, gid: NOBODY, switched: true };
    if (!canReach(nobody, packageRoot())) {
      skip(`${packageRoot()} is closed to other users, so none can run this test in it`);
    }
    mkdirSync(data_dir, { mode: 0o700 });
    chownSync(data_dir, NOBODY, NOBODY);
    const { child, url } = await hold(NOBODY);
    expect(statSync(join(data_dir, 'socket')).uid).toBe(NOBODY);
    await write(url, 4);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(await coins((await start()).connectionString('postgres'))).toEqual([4]);
  });
});

describe('keepPostgres', () => {
  test('starts a killed server again under the same address', async () => {
    const kept = await keepPostgres({ data_dir });
    const url = kept.connectionString('postgres');
    await write(url, 1);
    const before = kept.pid();
    process.kill(before, 'SIGKILL');
    while (kept.restarts() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kept.pid()).not.toBe(before);
    await write(url, 2);
    expect(await coins(url)).toEqual([1, 2]);
    await kept.stop();
    await expect(coins(url)).rejects.toThrow();
  });
});

describe('roles and databases', () => {
  test('a role reaches its own database and no other', async () => {
    const server = await start();
    const admin = server.connectionString('postgres');
    for (const name of ['hub', 'sandbox', 'hub']) {
      await createRole(admin, { name });
      await createDatabase(admin, { name, owner: name });
    }
    await write(server.connectionString('sandbox', 'sandbox'), 1);
    await expect(coins(server.connectionString('sandbox', 'hub'))).rejects.toThrow(
      /permission denied for database/,
    );
  });
});

describe('prepareBinaries', () => {
  test('makes the library links and execute bits that a skipped install script leaves out', () => {
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'lib'));
    for (const name of ['bin/initdb', 'bin/postgres', 'lib/libpq.so.5.18']) {
      writeFileSync(join(folder, name), '', { mode: 0o644 });
    }
    const list = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(folder, 'pg-symlinks.json'), JSON.stringify(list));
    prepareBinaries(folder);
    prepareBinaries(folder);
    expect(readlinkSync(join(folder, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
    expect(lstatSync(join(folder, 'bin', 'postgres')).mode & 0o111).toBe(0o111);
  });
});
