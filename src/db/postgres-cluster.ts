import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Binaries, findBinaries } from './postgres-binaries.ts';
import { canReach, chooseIdentity, type Identity } from './postgres-identity.ts';

/**
 * Where one cluster lives. Usually `<data_dir>/cluster`; when root keeps the data folder where
 * `nobody` cannot go, `/var/lib/hutong/<id>/cluster`, with the id in `<data_dir>/cluster-id`.
 */
export interface Cluster {
  readonly folder: string;
  readonly socket_dir: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
}

export const SUPERUSER = 'hutong';

const SYSTEM_FOLDERS = ['/var/lib/hutong', '/var/tmp/hutong'];
/** Names the cluster that lives elsewhere because its user cannot reach the data folder. */
export const CLUSTER_ID_FILE = 'cluster-id';
const ID = /^[0-9a-f]{16}$/;
/** `sun_path` holds 103 bytes on macOS and 107 on Linux; the name takes `/.s.PGSQL.5432.lock`. */
const MAX_SOCKET_DIR_BYTES = 84;

/** Environment for PostgreSQL's programs: ours may name locales this system does not have. */
export const CLEAN_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Finds the cluster of `data_dir`, or makes it.
 * @throws with a sentence that says what to do when it was moved away, is of another version, or
 * cannot be made.
 */
export function prepareCluster(data_dir: string, options: { durable: boolean }): Cluster {
  const root = resolve(data_dir);
  const newcomer = chooseIdentity();
  mkdirSync(root, { recursive: true, mode: newcomer.switched ? 0o755 : 0o700 });
  const base = clusterBase(root, newcomer);
  const folder = join(base, 'cluster');
  const owner = existsSync(folder) ? statSync(folder) : undefined;
  const identity = owner ? chooseIdentity(owner) : newcomer;
  if (!canReach(identity, base)) {
    throw new Error(
      `uid ${identity.uid}, who runs PostgreSQL, cannot search ${base}: allow it on every folder ` +
        'above (chmod o+x), or choose another HUTONG_DATA_DIR',
    );
  }
  const copies = identity.switched ? systemFolder() : root;
  const binaries = findBinaries(identity, copies);
  removeUnfinished(base);
  if (owner === undefined) initialise({ folder, identity, binaries, durable: options.durable });
  requireVersion(folder, binaries);
  return { folder, socket_dir: socketFolder(base, identity), identity, binaries };
}

function clusterBase(root: string, identity: Identity): string {
  const file = join(root, CLUSTER_ID_FILE);
  if (existsSync(file)) return recordedBase(file);
  if (existsSync(join(root, 'cluster')) || canReach(identity, root)) return root;
  const id = randomBytes(8).toString('hex');
  const base = join(systemFolder(), id);
  mkdirSync(base, { mode: 0o755 });
  chmodSync(base, 0o755);
  writeFileSync(file, `${id}\n`, { flag: 'wx', mode: 0o600 });
  return base;
}

/** The recorded cluster must be there: beginning anew instead would look like lost money. */
function recordedBase(file: string): string {
  const id = readFileSync(file, 'utf8').trim();
  if (!ID.test(id)) throw new Error(`${file} does not hold a cluster id: restore or remove it`);
  const base = SYSTEM_FOLDERS.map((folder) => join(folder, id)).find(existsSync);
  if (base !== undefined) return base;
  throw new Error(
    `the database of this folder should be in ${join(SYSTEM_FOLDERS[0] ?? '', id)} but is gone: ` +
      `restore it, or remove ${file} to begin with an empty database`,
  );
}

/** A folder of root's own that everybody may search; refuses one planted by somebody else. */
function systemFolder(): string {
  let cause: unknown;
  for (const folder of SYSTEM_FOLDERS) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const found = lstatSync(folder);
      if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) continue;
      chmodSync(folder, 0o755);
      return folder;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(
    `cannot keep PostgreSQL's files in ${SYSTEM_FOLDERS.join(' or ')}: make one of them ` +
      'writable, put HUTONG_DATA_DIR where everybody may search, or set DATABASE_URL',
    { cause },
  );
}

/** What an interrupted initdb left is never taken for a cluster. */
function removeUnfinished(base: string): void {
  for (const name of readdirSync(base)) {
    if (name.startsWith('cluster.new-')) rmSync(join(base, name), { recursive: true, force: true });
  }
}

interface InitialiseOptions {
  readonly folder: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
  readonly durable: boolean;
}

function initialise({ folder, identity, binaries, durable }: InitialiseOptions): void {
  const fresh = join(dirname(folder), `cluster.new-${process.pid}`);
  mkdirSync(fresh, { mode: 0o700 });
  if (identity.switched) chownSync(fresh, identity.uid, identity.gid);
  const result = spawnSync(
    join(binaries.folder, 'bin', 'initdb'),
    [
      `--pgdata=${fresh}`,
      `--username=${SUPERUSER}`,
      '--auth-local=trust',
      '--auth-host=reject',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ],
    {
      cwd: '/',
      env: CLEAN_ENV,
      encoding: 'utf8',
      timeout: 120_000,
      ...(identity.switched ? { uid: identity.uid, gid: identity.gid } : {}),
    },
  );
  if (result.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    const said = (result.stderr ?? '').trim().split('\n').slice(-6).join('\n');
    const reason = said || (result.error?.message ?? `initdb ended with ${result.status}`);
    throw new Error(
      `PostgreSQL could not create a database in ${folder}: ${reason}${adviceFor(reason)}`,
      { cause: result.error },
    );
  }
  renameSync(fresh, folder);
}

/** What to do about the failures that machines and containers really have. */
function adviceFor(reason: string): string {
  if (reason.includes('could not look up effective user ID')) {
    return '\nAdd this user to /etc/passwd, run as one that is there, or set DATABASE_URL.';
  }
  if (/No space left|Disk quota/.test(reason)) return '\nFree about 100 MB there.';
  if (/shared memory|semget|shmget/.test(reason)) {
    return '\nGive this container shared memory (--shm-size=64m), or set DATABASE_URL.';
  }
  if (/EPERM|EINVAL/.test(reason)) {
    return '\nThis root may not become another user: run as an ordinary one, or set DATABASE_URL.';
  }
  return '';
}

function requireVersion(folder: string, binaries: Binaries): void {
  const file = join(folder, 'PG_VERSION');
  if (!existsSync(file)) {
    throw new Error(`${folder} is not a PostgreSQL cluster: move it away, or restore it`);
  }
  const made = readFileSync(file, 'utf8').trim();
  const ours = binaries.version.split('.')[0];
  if (made === ours) return;
  throw new Error(
    `the database in ${folder} was made by PostgreSQL ${made} and this release brings ${ours}: ` +
      'start the earlier release, dump the data with your own pg_dump, and load it into a new ' +
      'data folder',
  );
}

/** The socket's folder: fixed for a cluster, 0700, owned by the server's user. */
function socketFolder(base: string, identity: Identity): string {
  const inside = join(base, 'socket');
  const name = createHash('sha256').update(base).digest('hex').slice(0, 12);
  const fits = Buffer.byteLength(inside) <= MAX_SOCKET_DIR_BYTES;
  const folder = fits ? inside : `/tmp/hutong-${name}`;
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
  if (identity.switched && lstatSync(folder).uid === 0) {
    lchownSync(folder, identity.uid, identity.gid);
  }
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== identity.uid) {
    throw new Error(`${folder} is not PostgreSQL's own folder: remove it and start again`);
  }
  if ((found.mode & 0o777) !== 0o700) chmodSync(folder, 0o700);
  return folder;
}
