import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { backUp } from '../backup/backup.ts';
import { drill } from '../backup/drill.ts';
import type { BackupTable, Manifest } from '../backup/manifest.ts';
import { restore } from '../backup/restore.ts';
import { countSealed, type SealedSecrets } from '../backup/sealed.ts';
import { type CheckReport, checkDatabase } from '../check/check.ts';
import { type Config, loadConfig } from '../config.ts';
import { LAWS } from '../laws/every.ts';
import { packageRoot } from '../package-root.ts';
import { type HubDatabase, openHubDatabase } from '../world/hub-database.ts';

/** `hutong backup`, `restore` and `drill`: a whole copy, putting it back, proving that it works. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('write a whole backup of the hub’s database, while the hub works')
    .argument('<folder>', 'a new folder')
    .action((folder: string) => using(false, (database) => runBackup(database, folder)));
  program
    .command('restore')
    .description('put a backup into an empty database, and check it')
    .argument('<folder>', 'what "hutong backup" has written')
    .action((folder: string) =>
      using(true, (database, config) => runRestore(database, config, folder)),
    );
  program
    .command('drill')
    .description('prove that a backup can be restored, in a scratch database that is dropped')
    .option('--backup <folder>', 'this backup, instead of one that is made for the drill')
    .action(({ backup }: { backup?: string }) =>
      using(false, (database, config) => runDrill(database, config, backup)),
    );
}

async function using(
  create: boolean,
  work: (database: HubDatabase, config: Config) => Promise<void>,
): Promise<void> {
  const config = loadConfig(process.env);
  const database = await openHubDatabase(config, { create });
  try {
    await work(database, config);
  } finally {
    await database.release();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function sayTable(step: string, { name, rows }: BackupTable): void {
  say(`  ${step.padEnd(9)} ${name.padEnd(24)} ${rows.toLocaleString('en').padStart(14)} rows`);
}

async function makeBackup({ url }: HubDatabase, folder: string): Promise<void> {
  const { manifest, left_out } = await backUp(url, folder, {
    hutong: version(),
    onTable: (table) => sayTable('written', table),
  });
  say(`${totals(manifest)}, as of ${manifest.made_at}, in ${folder}`);
  if (left_out.length > 0) say(`left out, as no migration made them: ${left_out.join(', ')}`);
}

async function runBackup(database: HubDatabase, folder: string): Promise<void> {
  await makeBackup(database, folder);
  say('');
  say(
    'THE MASTER KEY IS NOT IN THIS BACKUP. Without HUTONG_MASTER_KEY_FILE no wallet credential and',
  );
  say(
    'no webhook secret in it can ever be read. Keep that file apart from the backup, and keep it.',
  );
}

function totals({ tables }: Manifest): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return `${tables.length} tables, ${rows.toLocaleString('en')} rows`;
}

const release = z.object({ version: z.string() });

function version(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return release.parse(JSON.parse(text)).version;
}

async function runRestore(database: HubDatabase, config: Config, folder: string): Promise<void> {
  const { manifest, applied } = await restore(database.url, folder, {
    mode: config.mode,
    onTable: sayTable,
  });
  say(`${totals(manifest)}, as of ${manifest.made_at}`);
  for (const name of applied) say(`applied ${name}`);
  const report = await checkDatabase(database.url, LAWS);
  process.exitCode = sayCheck(report) ? 0 : 1;
  saySecrets(await countSealed(database.url, config.master_key_file), config);
}

/** True when every law holds. */
function sayCheck({ laws, elapsed_ms }: CheckReport): boolean {
  const broken = laws.filter(({ count }) => count > 0);
  for (const { law, count, rows } of broken) {
    say(`✗ ${law.name}: ${count} broken: ${law.means}`);
    for (const { id, detail } of rows) say(`    ${id}: ${detail}`);
  }
  const tried = `${laws.length} laws tried in ${Math.ceil(elapsed_ms / 1_000)} s`;
  say(broken.length === 0 ? `${tried}: all well` : `${tried}: ${broken.length} are broken`);
  return broken.length === 0;
}

function saySecrets(secrets: SealedSecrets, { master_key_file }: Config): void {
  const { sealed, opened, problem } = secrets;
  if (sealed === 0) {
    say('no secret is in it: the master key was not tried');
    return;
  }
  if (sealed === opened) {
    say(`the master key in ${master_key_file} opens all ${sealed} secrets`);
    return;
  }
  say('');
  say(`THE MASTER KEY OF THIS BACKUP IS NOT HERE: ${opened} of ${sealed} secrets can be read.`);
  say(`${problem}. Set HUTONG_MASTER_KEY_FILE to the key of the installation that was backed up.`);
}

async function runDrill(
  database: HubDatabase,
  config: Config,
  given: string | undefined,
): Promise<void> {
  const temporary =
    given === undefined ? await mkdtemp(join(tmpdir(), 'hutong-drill-')) : undefined;
  const folder = given ?? join(temporary ?? '', 'backup');
  try {
    if (given === undefined) await makeBackup(database, folder);
    const place = { ...database, owner: database.role };
    const { mode, master_key_file } = config;
    const report = await drill(place, folder, { mode, master_key_file, onTable: sayTable });
    const well = sayCheck(report.check);
    for (const difference of report.differences) say(`✗ ${difference}`);
    for (const { book, postings, amount, position } of report.manifest.ledger) {
      say(`ledger of book ${book}: ${postings} postings, ${amount} fen, chain to ${position}`);
    }
    const { manifest, secrets } = report;
    const passed = well && report.differences.length === 0;
    say(
      passed
        ? `the backup of ${manifest.made_at} can be restored: ${totals(manifest)}`
        : `THE BACKUP OF ${manifest.made_at} IS NOT GOOD`,
    );
    saySecrets(secrets, config);
    // A backup whose secrets nothing opens brings no wallet back.
    process.exitCode = passed && (secrets.sealed === 0 || secrets.opened > 0) ? 0 : 1;
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}
