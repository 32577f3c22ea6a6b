import { spawn } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { cleanEnvironment, openFolder, startHutong } from '../support/processes.ts';

/**
 * A newcomer's first minute: the README's commands in a fresh clone, as root and as an ordinary
 * user, and the packed tarball in an empty folder. Needs a package registry.
 */
const INSTALL_MS = 300_000;
const DEMO_MS = 30_000;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const USERS = isRoot ? [undefined, NOBODY] : [undefined];

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Person {
  /** Undefined: whoever runs the tests. */
  readonly uid: number | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A folder of one's own, without anything in it but a home. */
async function newcomer(uid: number | undefined): Promise<Person> {
  const folder = openFolder();
  folders.push(folder);
  const home = join(folder, 'home');
  const cwd = join(folder, 'work');
  for (const path of [home, cwd]) mkdirSync(path);
  const env = { ...cleanEnvironment(), HOME: home, npm_config_registry: await registry() };
  if (uid !== undefined) giveAway(folder, uid);
  return { uid, cwd, env };
}

function giveAway(path: string, uid: number): void {
  chownSync(path, uid, uid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) {
    const inner = join(path, entry);
    if (!lstatSync(inner).isSymbolicLink()) giveAway(inner, uid);
  }
}

/** The newcomer has no npm settings of this machine, only the address they would reach. */
async function registry(): Promise<string> {
  const cwd = packageRoot();
  const env = cleanEnvironment();
  const { output } = await run(['npm', 'config', 'get', 'registry'], { uid: undefined, cwd, env });
  return output.trim().split('\n').at(-1) ?? '';
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(
  [command, ...args]: readonly [string, ...string[]],
  { uid, cwd, env }: Person,
  limit_ms = INSTALL_MS,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...env },
      timeout: limit_ms,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    let output = '';
    child.stderr.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

async function mustRun(command: readonly [string, ...string[]], person: Person): Promise<string> {
  const { code, output } = await run(command, person);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/** Only what is committed is cloned. */
async function clone(person: Person): Promise<void> {
  const asWe = { ...person, uid: undefined };
  await mustRun(['git', 'clone', '--quiet', packageRoot(), '.'], asWe);
  if (person.uid !== undefined) giveAway(person.cwd, person.uid);
}

/** Starts it, and buys one order of each kind within half a minute of the printed addresses. */
async function startAndBuy(
  person: Person,
  start: readonly [string, ...string[]],
  demo: readonly [string, ...string[]],
  more: (env: Person) => Promise<void> = async () => {},
): Promise<void> {
  const { cwd, env, uid } = person;
  const data_dir = join(cwd, '.hutong');
  const hutong = await startHutong({
    command: start,
    cwd,
    env,
    data_dir,
    ...(uid === undefined ? {} : { uid }),
  });
  try {
    const shopper = { ...person, env: { ...env, HUTONG_DATA_DIR: data_dir } };
    const since = performance.now();
    const { code, output } = await run(demo, shopper, DEMO_MS);
    const seconds = (performance.now() - since) / 1_000;
    process.stdout.write(`demo after the addresses were printed: ${seconds.toFixed(1)} s\n`);
    expect(output).toMatch(/orders, all well/);
    expect(code).toBe(0);
    await more(shopper);
  } finally {
    await hutong.stop();
  }
}

describe.each(USERS)('in a fresh clone, as user %s', (uid) => {
  test(
    'npm ci && npm start leads to a paid demo order',
    async () => {
      const person = await newcomer(uid);
      await clone(person);
      await mustRun(['npm', 'ci'], person);
      await startAndBuy(person, ['npm', 'start'], ['npm', 'run', 'demo'], async (shopper) => {
        await mustRun(['npm', 'run', 'demo', '--', '--market'], shopper);
      });
    },
    INSTALL_MS * 2,
  );
});

describe.each(USERS)('the packed tarball in an empty folder, as user %s', (uid) => {
  test(
    'npx hutong start, demo and doctor work',
    async () => {
      const maker = await newcomer(undefined);
      await clone(maker);
      await mustRun(['npm', 'ci'], maker);
      const packed = await mustRun(['npm', 'pack', '--silent'], maker);
      const tarball = join(maker.cwd, packed.trim().split('\n').at(-1) ?? '');
      chmodSync(tarball, 0o644);

      const person = await newcomer(uid);
      await mustRun(['npm', 'install', '--omit=dev', tarball], person);
      const start = ['npx', 'hutong', 'start'] as const;
      await startAndBuy(person, start, ['npx', 'hutong', 'demo'], async (shopper) => {
        await mustRun(['npx', 'hutong', 'doctor'], shopper);
      });
    },
    INSTALL_MS * 2,
  );
});
