import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readSandboxFile, type SandboxFile } from '../../src/world/sandbox-file.ts';

/**
 * The real program in processes of its own, as `npm start` runs it: the world (PostgreSQL, sandbox
 * wallets, phone, shops) and its child, the hub. Processes are found in /proc: Linux only.
 */
export interface RunningHutong {
  readonly file: SandboxFile;
  readonly data_dir: string;
  readonly world_pid: number;
  /** Undefined while it is being started again. */
  hubPid(): number | undefined;
  postgresPid(): number | undefined;
  /** Everything it printed so far. */
  output(): string;
  /** Ends all of it, the folder too unless `keep`; may be called twice. */
  stop(options?: { readonly keep?: boolean }): Promise<void>;
}

export interface StartOptions {
  /** `HUTONG_…` settings beside those of folder and ports. */
  readonly env?: Readonly<Record<string, string>>;
  /** Command and arguments; `node dist/src/main.js start` of this checkout by default. */
  readonly command?: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Kept from an earlier run, or to be made; a new folder by default. */
  readonly data_dir?: string;
  /** For root only: runs as this user, who is also the group. */
  readonly uid?: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PROGRAM = join(ROOT, 'dist', 'src', 'main.js');
const READY_MS = 60_000;
const STOP_MS = 30_000;
const LOOK_MS = 20;
const MAX_OUTPUT = 200_000;
/** Below the range that the system gives away, so that a restart finds its port free. */
const PORTS = { first: 12_000, last: 31_000 };

export async function startHutong(options: StartOptions = {}): Promise<RunningHutong> {
  const command = options.command ?? [process.execPath, builtProgram(), 'start'];
  const data_dir = options.data_dir ?? openFolder();
  const env = { ...cleanEnvironment(), ...(await settings(data_dir)), ...options.env };
  const [program, ...args] = command;
  const world = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let output = '';
  for (const stream of [world.stdout, world.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  }
  const stop = stopper(world, data_dir);
  try {
    await ready(world, () => output);
    const file = readSandboxFile(data_dir);
    const world_pid = worldOf(world.pid ?? 0);
    if (!file) throw new Error('it runs, but left no sandbox.json');
    return {
      file,
      data_dir,
      world_pid,
      hubPid: () => childrenOf(world_pid).find(({ args }) => args.includes('hub'))?.pid,
      postgresPid: () => childrenOf(world_pid).find(({ name }) => name === 'postgres')?.pid,
      output: () => output,
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`hutong did not start:\n${output}`, { cause: error });
  }
}

export function builtProgram(): string {
  if (!existsSync(PROGRAM)) throw new Error(`no ${PROGRAM}: run "npm run build" first`);
  return PROGRAM;
}

/** Root runs PostgreSQL as nobody, who must be able to search the folder. */
export function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hutong-run-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** Nothing of this process's own settings reaches the program. */
export function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

async function settings(data_dir: string): Promise<Record<string, string>> {
  return {
    HUTONG_DATA_DIR: data_dir,
    HUTONG_PORT: String(await freePort()),
    // The world is never started again, so these may be any.
    HUTONG_SANDBOX_PORT: '0',
    HUTONG_SHOP_PORT: '0',
  };
}

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(PORTS.first, PORTS.last);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
  throw new Error('no free port was found in 100 tries');
}

/** The addresses are printed when everything listens. */
async function ready(world: ChildProcess, output: () => string): Promise<void> {
  const end = Date.now() + READY_MS;
  while (!/Ctrl-C stops everything/.test(output())) {
    if (world.exitCode !== null || world.signalCode !== null) throw new Error('it ended');
    if (Date.now() > end) throw new Error(`no addresses within ${READY_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}

function stopper(world: ChildProcess, data_dir: string): RunningHutong['stop'] {
  const gone = () => world.exitCode !== null || world.signalCode !== null;
  // A test run that is cut off takes its processes along.
  const cut = () => void (gone() || signalGroup(world, 'SIGKILL'));
  process.once('exit', cut);
  return async ({ keep = false } = {}) => {
    if (!gone()) {
      const ended = once(world, 'exit');
      signalGroup(world, 'SIGTERM');
      const impatient = setTimeout(() => signalGroup(world, 'SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(impatient);
    }
    process.off('exit', cut);
    if (!keep) rmSync(data_dir, { recursive: true, force: true });
  };
}

/** npm and npx run the program as a child, in the same process group. */
function signalGroup(world: ChildProcess, signal: NodeJS.Signals): void {
  if (world.pid === undefined) return;
  try {
    process.kill(-world.pid, signal);
  } catch {
    // It is gone already.
  }
}

export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly args: readonly string[];
}

/** Every process that this user may see, from /proc. */
export function processes(): FoundProcess[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
      const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      const [state, parent] = rest.split(' ');
      return state === 'Z' ? [] : [{ pid: Number(entry), parent: Number(parent), name, args }];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

export function childrenOf(pid: number): FoundProcess[] {
  return processes().filter(({ parent }) => parent === pid);
}

/** This process and all that descend from it. */
export function familyOf(pid: number): number[] {
  const all = processes();
  const family = [pid];
  for (const member of family) {
    family.push(...all.filter(({ parent }) => parent === member).map((found) => found.pid));
  }
  return family;
}

/** The one whose child is the hub: the process itself, or what npm started. */
function worldOf(pid: number): number {
  const all = processes();
  const family = familyOf(pid);
  const hub = all.find(({ pid: one, args }) => family.includes(one) && args.includes('hub'));
  if (!hub) throw new Error('it runs, but has no hub');
  return hub.parent;
}
