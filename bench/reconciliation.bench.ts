import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../src/clock.ts';
import { loadConfig } from '../src/config.ts';
import { migrate } from '../src/db/migrate.ts';
import { sql } from '../src/db/pool.ts';
import { createDatabase } from '../src/db/postgres-admin.ts';
import { startPostgres } from '../src/db/postgres-server.ts';
import { newId } from '../src/ids.ts';
import { claimMode } from '../src/installation.ts';
import { tradeBill } from '../src/reconciliation/testing.ts';
import { createApp } from '../src/wiring.ts';
import { startSandboxWallets } from '../src/world/wallets.ts';
import { addWalletAccount } from '../test/support/bill-account.ts';
import {
  billLines,
  type PlantedDay,
  plantedBreaks,
  storeDay,
} from '../test/support/planted-day.ts';
import { PROGRAM } from '../test/support/processes.ts';

/**
 * `npm run bench:reconciliation`: a day of many payments in a real database, its bill as WeChat Pay
 * packs it with every kind of break planted in it, and `hutong reconcile` of the two, beside the
 * least that it can cost: reading the file alone, and handing its lines to PostgreSQL alone.
 */
const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '952000' },
    planted: { type: 'string', default: '100' },
    // The bill as text, not packed.
    plain: { type: 'boolean', default: false },
  },
});
const DATE = '2026-10-20';
const LIMIT_S = 60;
const LIMIT_MB = 500;

const folder = mkdtempSync(join(tmpdir(), 'hutong-bills-'));
const postgres = await startPostgres({ data_dir: join(folder, 'postgres') });
const database_url = postgres.connectionString('hub');
const env = {
  ...process.env,
  DATABASE_URL: database_url,
  HUTONG_DATA_DIR: folder,
  HUTONG_LOG_LEVEL: 'error',
};

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<[T, number]> {
  const before = performance.now();
  const result = await work();
  const seconds = (performance.now() - before) / 1_000;
  say(`${what}: ${seconds.toFixed(1)} s`);
  return [result, seconds];
}

/** The hub's own rows about who is who, as its API would make them. */
async function prepare(): Promise<PlantedDay> {
  await createDatabase(postgres.connectionString('postgres'), { name: 'hub' });
  await migrate(database_url);
  const config = loadConfig(env);
  const public_url = 'http://127.0.0.1';
  const built = await createApp({ config, database_url, name: 'bench', public_url });
  const { app } = built;
  await claimMode(app.db, 'sandbox');
  const wallets = await startSandboxWallets({ config, clock: systemClock, only: ['wechat_pay'] });
  const [platform, merchant] = [newId('plt'), newId('mer')];
  await app.db.query(sql`
    insert into platforms (id, slug, name) values (${platform}, 'bench', 'Bench')`);
  await app.db.query(sql`
    insert into merchants (id, platform_id, name) values (${merchant}, ${platform}, 'Bench')`);
  const [sandbox] = wallets.all;
  if (!sandbox) throw new Error('no sandbox');
  const account = await addWalletAccount(app, sandbox);
  await wallets.stop();
  await built.stop();
  const [count, planted] = [Number(values.payments), Number(values.planted)];
  return { database_url, platform, merchant, account, date: DATE, count, planted };
}

/** Linux counts CPU time in hundredths of a second, here after the name of the program. */
function cpuOf(pid: number, fields: readonly number[]): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.reduce((sum, field) => sum + Number(values[field]), 0) / 100;
}

const OWN = [11, 12];
const OWN_AND_ENDED_CHILDREN = [11, 12, 13, 14];

interface Usage {
  /** Highest resident set, MB. */
  peak_mb: number;
  cpu_s: number;
}

/** What a process uses, read until it ends. */
function watch(child: ChildProcess): Usage {
  const usage = { peak_mb: 0, cpu_s: 0 };
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const peak_kb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
      usage.peak_mb = Math.max(usage.peak_mb, peak_kb / 1_024);
      usage.cpu_s = Math.max(usage.cpu_s, cpuOf(child.pid ?? 0, OWN));
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, 100);
  child.once('exit', () => clearInterval(timer));
  return usage;
}

/** Connections end with the command, so their time is the server's as that of ended children. */
function serverSeconds(): number {
  return cpuOf(postgres.pid, OWN_AND_ENDED_CHILDREN);
}

interface Ran extends Usage {
  readonly text: string;
  readonly server_s: number;
}

async function run(args: readonly string[]): Promise<Ran> {
  const before = serverSeconds();
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const usage = watch(child);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, 'exit');
  return { text, ...usage, server_s: serverSeconds() - before };
}

function foundIn(text: string): Record<string, number> {
  const lines = text.matchAll(/^ {2}(\w+): (\d+), -?[\d.]+$/gm);
  return Object.fromEntries([...lines].map(([, kind = '', count]) => [kind, Number(count)]));
}

let exact = false;
try {
  const day = await prepare();
  await timed(`${day.count} payments stored`, () => storeDay(day));
  const file = join(folder, 'bill.csv');
  let lines = 0;
  function* counted() {
    for (const line of billLines(day)) {
      lines += 1;
      yield line;
    }
  }
  const [packed] = await timed('the bill is made', () => tradeBill(counted()));
  writeFileSync(file, values.plain ? gunzipSync(packed) : packed);
  const floor = new URL('./reconciliation-floor.ts', import.meta.url).pathname;
  const at = ['--import', 'tsx', floor, file];
  const [, parse_s] = await timed('floor: only read the file', () => run([...at, 'parse']));
  const [, load_s] = await timed('floor: only hand its lines to PostgreSQL', () =>
    run([...at, 'load']),
  );
  const command = ['reconcile', '--account', day.account, '--date', DATE, '--file', file];
  const [{ text, peak_mb, cpu_s, server_s }, total_s] = await timed('hutong reconcile', () =>
    run([PROGRAM, ...command]),
  );
  say(text.split('\n').slice(0, 20).join('\n'));
  const [found, planted] = [foundIn(text), plantedBreaks(day)];
  const same =
    JSON.stringify(Object.entries(found).sort()) === JSON.stringify(Object.entries(planted).sort());
  const [again, again_s] = await timed('the same once more, when all is known', () =>
    run([PROGRAM, ...command]),
  );
  const steady = JSON.stringify(foundIn(again.text)) === JSON.stringify(found);
  const floor_s = parse_s + load_s;
  say(
    `${lines} lines, ${availableParallelism()} cores: ${(lines / total_s).toFixed(0)} lines/s, ` +
      `${(total_s / floor_s).toFixed(2)} times its floors one after the other`,
  );
  say(`CPU: command ${cpu_s.toFixed(1)} s, PostgreSQL ${server_s.toFixed(1)} s`);
  exact = same && steady;
  const aims: readonly [boolean, string][] = [
    [exact, `planted ${JSON.stringify(planted)}, found ${JSON.stringify(found)}`],
    [
      total_s < LIMIT_S,
      `${total_s.toFixed(1)} s, again ${again_s.toFixed(1)} s (aim < ${LIMIT_S})`,
    ],
    [peak_mb < LIMIT_MB, `${peak_mb.toFixed(0)} MB at most (aim < ${LIMIT_MB})`],
  ];
  for (const [met, what] of aims) say(`${met ? 'met   ' : 'MISSED'} ${what}`);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
// Time and memory are the machine's too; what is found is not.
process.exit(exact ? 0 : 1);
