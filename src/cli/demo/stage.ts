import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../../client/client.ts';
import { loadConfig } from '../../config.ts';
import { toYuan } from '../../money.ts';
import type { WalletName } from '../../wallets/wallet.ts';
import { readSandboxFile, type SandboxFile, sandboxFilePath } from '../../world/sandbox-file.ts';
import { Phone } from './shopper.ts';

/** The running sandbox that a demo plays on, and what every demo needs. */
export interface Stage {
  readonly data_dir: string;
  readonly file: SandboxFile;
  readonly phone: Phone;
}

/** Who pays in the demos. */
export const PERSON = 'lin-xia';
export const PATIENCE_MS = 20_000;
const LOOK_MS = 50;

/** @throws an Error that says to run `npm start` first */
export function openStage(): Stage {
  const { data_dir } = loadConfig(process.env);
  const file = readSandboxFile(data_dir);
  if (!file) {
    throw new Error(`no ${sandboxFilePath(data_dir)}: run "npm start" first, in another terminal`);
  }
  return { data_dir, file, phone: new Phone(file.phone.url) };
}

/** Looks until it is as expected. @throws an Error with what was seen last, in `say`'s words */
export async function until<T>(
  look: () => Promise<T>,
  done: (seen: T) => boolean,
  say: (seen: T) => string,
): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (done(seen)) return seen;
    if (Date.now() > end) throw new Error(`still ${say(seen)} after ${PATIENCE_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function yuan(fen: number): string {
  return `${fen < 0 ? '-' : ''}¥${toYuan(BigInt(Math.abs(fen)))}`;
}

/** Columns as wide as their widest cell; the last `numbers` of them to the right. */
export function printTable(rows: readonly (readonly string[])[], numbers = 0): void {
  const columns = rows[0]?.length ?? 0;
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length));
  const widths = Array.from({ length: columns }, (_, column) => width(column));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column >= columns - numbers
        ? cell.padStart(widths[column] ?? 0)
        : cell.padEnd(widths[column] ?? 0),
    );
    print(cells.join('  ').trimEnd());
  }
}

interface WalletLine {
  readonly wallet: WalletName;
  readonly wallet_account: string;
  readonly wallet_merchant: string;
  readonly balance: number;
}

/** Every wallet's own book against the hub's ledger, and the ledger against itself. */
export async function ledgerTrouble({ file, phone }: Stage): Promise<string[]> {
  const answer = await fetch(`${file.hub.url}/v1/ledger`, {
    headers: { authorization: `Bearer ${file.hub.operator_key}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok) return [`the ledger could not be read: ${answer.status}`];
  const ledger = (await answer.json()) as { sum: number; wallets: readonly WalletLine[] };
  const payouts = await paidOut(file);
  const trouble: string[] = [];
  if (ledger.sum !== 0) trouble.push(`the ledger's accounts sum to ${ledger.sum}, not to 0`);
  for (const { wallet, wallet_account, wallet_merchant, balance } of ledger.wallets) {
    const books = await phone.call<{ merchants: { merchant: string; amount: number }[] }>(
      `/api/wallets/${wallet}/balances`,
    );
    const owed = books.merchants.find((entry) => entry.merchant === wallet_merchant)?.amount ?? 0;
    const paid = payouts.get(wallet_account) ?? 0;
    const same = owed - paid === balance ? 'equal' : 'NOT EQUAL';
    const less = paid === 0 ? '' : ` less payouts of ${yuan(paid)}`;
    print(`${wallet}: ledger ${yuan(balance)}, wallet's book ${yuan(owed)}${less}: ${same}`);
    if (owed - paid !== balance) trouble.push(`${wallet}: ledger and wallet's book differ`);
  }
  return trouble;
}

/** What has left for sellers, by wallet account: the wallets' books of payments keep it. */
async function paidOut({ hub, platforms }: SandboxFile): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const { secret_key } of Object.values(platforms)) {
    const { payouts } = createClient({ base_url: hub.url, api_key: secret_key });
    const succeeded = payouts.all({ state: 'succeeded', limit: 100 });
    for await (const { wallet_account, amount } of succeeded) {
      sums.set(wallet_account, (sums.get(wallet_account) ?? 0) + amount);
    }
  }
  return sums;
}
