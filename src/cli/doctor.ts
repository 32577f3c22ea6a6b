import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { migrationFolder, readMigrations } from '../db/migrate.ts';
import { withClient } from '../db/postgres-admin.ts';
import { findBinaries } from '../db/postgres-binaries.ts';
import { chooseIdentity } from '../db/postgres-identity.ts';
import { SANDBOX_WALLETS } from '../sandbox/sandbox.ts';
import { readMasterKey } from '../vault.ts';
import { checkAccountFile } from './doctor-account.ts';
import { askHub, type Finding } from './doctor-hub.ts';

/** `hutong doctor`: names what is wrong with the machine or the configuration, and what to do. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine, the configuration, the database and the wallet accounts')
    .option('--account <file>', 'check the wallet account in this file at its wallet, alone')
    .action(async ({ account }: { account?: string }) => {
      const findings =
        account === undefined ? await examine(process.env) : await checkAccountFile(account);
      for (const { ok, what } of findings) process.stdout.write(`${ok ? '✓' : '✗'} ${what}\n`);
      const wrong = findings.filter((finding) => !finding.ok).length;
      process.stdout.write(wrong === 0 ? 'all well\n' : `${wrong} to mend\n`);
      process.exitCode = wrong === 0 ? 0 : 1;
    });
}

async function examine(env: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const node = nodeVersion();
  let config: Config;
  try {
    config = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [node, { ok: false, what: error.message }];
  }
  const hub = await askHub(config);
  return [
    node,
    { ok: true, what: `configuration: ${config.mode}, data in ${config.data_dir}` },
    dataDir(config),
    masterKey(config),
    ...(config.database_url === undefined ? [embedded()] : await database(config.database_url)),
    ...hub.findings,
    ...(hub.running ? [] : await ports(config)),
  ];
}

const LEAST_NODE = [20, 19] as const;

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const advice = major < 24 ? ' (24 LTS is advised for production)' : '';
  return ok
    ? { ok, what: `Node ${process.versions.node}${advice}` }
    : { ok, what: `Node ${process.versions.node} is too old: install 20.19 or later` };
}

function dataDir({ data_dir }: Config): Finding {
  try {
    mkdirSync(data_dir, { recursive: true });
    accessSync(data_dir, constants.W_OK | constants.X_OK);
    return { ok: true, what: `${data_dir} can be written` };
  } catch {
    return {
      ok: false,
      what: `${data_dir} cannot be written: set HUTONG_DATA_DIR to a folder of yours`,
    };
  }
}

function masterKey(config: Config): Finding {
  if (config.mode === 'sandbox' && !existsSync(config.master_key_file)) {
    return { ok: true, what: 'no master key yet: the first start makes one' };
  }
  try {
    readMasterKey(config.master_key_file, { create: false });
    return { ok: true, what: `master key in ${config.master_key_file}` };
  } catch (error) {
    return { ok: false, what: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function embedded(): Finding {
  try {
    const { version } = findBinaries(chooseIdentity(), '/nonexistent');
    return { ok: true, what: `embedded PostgreSQL ${version}` };
  } catch (error) {
    return { ok: false, what: messageOf(error) };
  }
}

const LEAST_POSTGRES = 150_000;

async function database(url: string): Promise<Finding[]> {
  try {
    return await withClient(url, async (client) => {
      const { rows } = await client.query<{ number: number; name: string; there: boolean }>(`
        select current_setting('server_version_num')::int as number,
          current_setting('server_version') as name,
          to_regclass('schema_migrations') is not null as there`);
      const [row] = rows;
      const recent = (row?.number ?? 0) >= LEAST_POSTGRES;
      const expected = readMigrations(migrationFolder()).length;
      const counted = row?.there
        ? await client.query<{ n: number }>('select count(*)::int as n from schema_migrations')
        : undefined;
      const applied = counted?.rows[0]?.n ?? 0;
      const current = applied === expected;
      return [
        recent
          ? { ok: true, what: `PostgreSQL ${row?.name} at DATABASE_URL` }
          : { ok: false, what: `PostgreSQL ${row?.name} is too old: use 15 or later` },
        current
          ? { ok: true, what: `schema current (${expected} migrations)` }
          : {
              ok: false,
              what: `schema has ${applied} of ${expected} migrations: run "hutong migrate"`,
            },
      ];
    });
  } catch (error) {
    return [{ ok: false, what: `DATABASE_URL cannot be reached: ${messageOf(error)}` }];
  }
}

/** The ports that a start needs; only asked while nothing of ours runs. */
async function ports(config: Config): Promise<Finding[]> {
  const wanted: [string, number][] = [['HUTONG_PORT', config.port]];
  if (config.mode === 'sandbox') {
    const first = config.sandbox_port;
    const row =
      first === 0 ? [0] : [first, ...SANDBOX_WALLETS.map((_, index) => first + 1 + index)];
    for (const port of row) wanted.push(['HUTONG_SANDBOX_PORT', port]);
    wanted.push(['HUTONG_SHOP_PORT', config.shop_port]);
  }
  const findings: Finding[] = [];
  for (const [setting, port] of wanted) {
    const free = port === 0 || (await isFree(config.host, port));
    const what = `port ${port} on ${config.host} is in use: free it, or set ${setting}`;
    if (!free) findings.push({ ok: false, what });
  }
  return findings.length > 0 ? findings : [{ ok: true, what: 'the ports are free' }];
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
