import { closeSync, createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { App } from '../app.ts';
import { businessDate } from '../clock.ts';
import { loadConfig } from '../config.ts';
import { sql } from '../db/pool.ts';
import { claimMode } from '../installation.ts';
import { type Outcome, reconcileDay } from '../reconciliation/by-hand.ts';
import { reportText } from '../reconciliation/report-text.ts';
import { HEAD_BYTES, isPacked } from '../wallets/products/bill-files.ts';
import type { BillFile } from '../wallets/products/bills.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { createApp } from '../wiring.ts';
import { openHubDatabase } from '../world/hub-database.ts';

/** `hutong reconcile`: closes a day against the wallets' bills and prints what came of it. */
interface Options {
  readonly account?: string;
  readonly date?: string;
  readonly file?: string;
}

const DAY_MS = 86_400_000;

export function addReconcile(program: Command): void {
  program
    .command('reconcile')
    .description('compare a day with the wallets’ bills: of DATABASE_URL, or of the sandbox here')
    .option('--account <wac>', 'one wallet account; without it, every one whose wallet has bills')
    .option('--date <date>', 'business date, YYYY-MM-DD; yesterday when absent')
    .option(
      '--file <file>',
      'the bill of payments as the wallet gives it out, instead of asking it',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.file !== undefined && options.account === undefined) {
    throw new Error('say whose bill the file is: --account wac_…');
  }
  const config = loadConfig(process.env);
  const public_url = config.public_url ?? `http://${config.host}:${config.port}`;
  const database = await openHubDatabase(config, { create: false });
  try {
    const database_url = database.url;
    const built = await createApp({ config, database_url, name: 'reconcile', public_url });
    try {
      await claimMode(built.app.db, config.mode);
      if (!(await reconcileAll(built.app, options))) process.exitCode = 1;
    } finally {
      await built.stop();
    }
  } finally {
    await database.release();
  }
}

async function reconcileAll(app: App, options: Options): Promise<boolean> {
  const date = options.date ?? businessDate(new Date(app.clock.now().getTime() - DAY_MS));
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error('--date is a day, YYYY-MM-DD');
  const accounts = await accountsOf(app, options.account);
  if (accounts.length === 0) throw new Error('there is no such wallet account, or none has bills');
  let fit = true;
  for (const account of accounts) {
    const file = options.file === undefined ? undefined : billFile(options.file);
    const outcome = await reconcileDay(app, { account_id: account.id, date, file });
    process.stdout.write(`${titleOf(account, date)}\n${textOf(outcome)}\n`);
    fit &&= outcome.kind === 'closed' && outcome.open.length === 0;
  }
  return fit;
}

/** What is no regular file, such as a pipe, can be read once only: as a whole. */
function billFile(path: string): BillFile {
  if (!statSync(path).isFile() || isPacked(headOf(path))) return readFileSync(path);
  return () => createReadStream(path);
}

function headOf(path: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const opened = openSync(path, 'r');
  try {
    readSync(opened, head, 0, HEAD_BYTES, 0);
  } finally {
    closeSync(opened);
  }
  return head;
}

interface AccountRow {
  readonly id: string;
  readonly wallet: WalletName;
  readonly name: string;
}

async function accountsOf(app: App, id: string | undefined): Promise<AccountRow[]> {
  const rows = await app.db.query<AccountRow>(sql`
    select id, wallet, name from wallet_accounts
    where ${id ?? null}::text is null or id = ${id ?? null} order by id`);
  return rows.filter(({ wallet }) => app.wallets.connector(wallet).bills !== undefined);
}

function titleOf({ id, wallet, name }: AccountRow, date: string): string {
  return `${wallet} ${name} (${id}), ${date}`;
}

function textOf(outcome: Outcome): string {
  if (outcome.kind === 'closed') return reportText(outcome.report, outcome.open);
  return `  not closed: ${outcome.why}\n`;
}
