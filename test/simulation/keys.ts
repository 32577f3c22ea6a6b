import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { mintedKeys } from '../support/minted-keys.ts';

/** Business and real time before that of every seed: certificates are in force from here on. */
export const BEGINNING_MS = Date.parse('2026-01-05T03:00:00Z');

const SEED_OF_NUMBERS = 1;

/** Persons have the same numbers at WeChat Pay wherever the keys were made. */
export const OPENID_SALT = 'simulation';

/** A data folder with the keys of wallets and hub; no trace depends on those of the wallets. */
export async function folderWithKeys(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hutong-simulation-'));
  const beginning: Clock = {
    now: () => new Date(BEGINNING_MS),
    real: () => new Date(BEGINNING_MS),
  };
  const made = await mintedKeys(beginning, 'hutong-simulation-keys', SEED_OF_NUMBERS);
  cpSync(made, join(folder, 'keys'), { recursive: true });
  nameAlike(join(folder, 'keys', 'wechat_pay'));
  const master = createHash('sha256').update('simulation').digest('hex');
  writeFileSync(join(folder, 'master.key'), `${master}\n`, { mode: 0o600 });
  return folder;
}

function nameAlike(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('_merchant.json'))) {
    const file = join(folder, name);
    const merchant = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...merchant, openid_salt: OPENID_SALT }));
  }
}
