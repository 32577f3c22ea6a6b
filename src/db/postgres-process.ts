import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CLEAN_ENV, type Cluster } from './postgres-cluster.ts';

const POLL_MS = 10;
const READY_LIMIT_MS = 60_000;
const ORPHAN_LIMIT_MS = 20_000;
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];
const KEPT_LINES = 30;
/** Children of a killed server need a moment to notice; until then the cluster is not free. */
const STILL_IN_USE = /pre-existing shared memory block|lock file ".*" already exists/;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningPostgres {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Exit>;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Starts `postgres` and resolves when it accepts connections. */
export async function runPostgres(
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<RunningPostgres> {
  const deadline = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const lines: string[] = [];
    const running = launch(cluster, settings, (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine(line);
    });
    const exit = await becomeReady(cluster, running, deadline);
    if (exit === undefined) return running;
    const said = lines.join('\n');
    if (exit === 'late' || !STILL_IN_USE.test(said) || Date.now() > deadline) {
      running.child.kill('SIGKILL');
      const end =
        exit === 'late' ? 'was not ready in time' : `ended with ${exit.code ?? exit.signal}`;
      throw new Error(`PostgreSQL ${end} in ${cluster.folder}: ${said || 'it said nothing'}`);
    }
    await sleep(POLL_MS * 10);
  }
}

function launch(
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): RunningPostgres {
  const { identity, binaries, folder } = cluster;
  const postgres = join(binaries.folder, 'bin', 'postgres');
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...dieWithParent(), postgres, '-D', folder, ...options];
  const child = spawn(command[0] ?? postgres, command.slice(1), {
    cwd: '/',
    env: CLEAN_ENV,
    // A session of its own: Ctrl-C must reach the hub alone, which drains and then stops us.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(identity.switched ? { uid: identity.uid, gid: identity.gid } : {}),
  });
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(-10_000);
    for (const line of lines) if (line !== '') onLine(line);
  });
  const ended = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      onLine(error.message);
      resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // The server alone must not keep a finished program alive.
  child.unref();
  if ('unref' in child.stderr && typeof child.stderr.unref === 'function') child.stderr.unref();
  return { child, pid: child.pid ?? -1, ended };
}

let deathSignal: readonly string[] | undefined;

/** On Linux, the kernel stops the server when this process dies in any way, kill -9 included. */
function dieWithParent(): readonly string[] {
  deathSignal ??= process.platform === 'linux' ? probeSetpriv() : [];
  return deathSignal;
}

function probeSetpriv(): readonly string[] {
  for (const setpriv of SETPRIV) {
    if (!existsSync(setpriv)) continue;
    const command = [setpriv, '--pdeathsig', 'INT', '--'];
    const probe = spawnSync(setpriv, [...command.slice(1), '/bin/sh', '-c', 'exit 0'], {
      timeout: 5_000,
      stdio: 'ignore',
    });
    if (probe.status === 0) return command;
  }
  return [];
}

/** Undefined once ready; else how the server ended, or `late`. */
async function becomeReady(
  cluster: Cluster,
  running: RunningPostgres,
  deadline: number,
): Promise<Exit | 'late' | undefined> {
  let exit: Exit | undefined;
  void running.ended.then((end) => {
    exit = end;
  });
  while (Date.now() < deadline) {
    if (exit !== undefined) return exit;
    const file = readPostmasterFile(cluster.folder);
    if (file?.pid === running.pid && file.status === 'ready') return undefined;
    await sleep(POLL_MS);
  }
  return exit ?? 'late';
}

interface PostmasterFile {
  readonly pid: number;
  readonly status: string;
}

/** `postmaster.pid`: line 1 the process, line 8 its status. */
function readPostmasterFile(folder: string): PostmasterFile | undefined {
  try {
    const lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

/**
 * Stops a server that a killed hub left behind on this cluster, so that the new one runs with our
 * settings and ends with us. Call it only while holding the cluster's lock.
 * @returns the orphan's process number, if there was one.
 */
export async function stopOrphan(cluster: Cluster): Promise<number | undefined> {
  const file = readPostmasterFile(cluster.folder);
  if (file === undefined) return undefined;
  if (!isPostmasterOf(cluster.folder, file.pid)) {
    removeStaleFiles(cluster);
    return undefined;
  }
  const deadline = Date.now() + ORPHAN_LIMIT_MS;
  process.kill(file.pid, 'SIGINT');
  while (isPostmasterOf(cluster.folder, file.pid)) {
    if (Date.now() > deadline) {
      throw new Error(
        `an earlier PostgreSQL (process ${file.pid}) still uses ${cluster.folder} and does not ` +
          `stop: end it with kill -QUIT ${file.pid}`,
      );
    }
    await sleep(POLL_MS);
  }
  return file.pid;
}

/** A dead server's files may name a number that another process has by now. */
function removeStaleFiles(cluster: Cluster): void {
  rmSync(join(cluster.folder, 'postmaster.pid'), { force: true });
  rmSync(join(cluster.socket_dir, '.s.PGSQL.5432'), { force: true });
  rmSync(join(cluster.socket_dir, '.s.PGSQL.5432.lock'), { force: true });
}

function isPostmasterOf(folder: string, pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform === 'linux') {
    try {
      // A server's working folder is its cluster.
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
    } catch {
      return false;
    }
  }
  const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  return stdout.includes(folder);
}
