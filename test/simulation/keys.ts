import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { mintedKeys } from '../support/minted-keys.ts';

/** Business and real time before that of every seed: certificates are in force from here on. */
export const BEGINNING_MS = Date.parse('2026-01-05T03:00:00Z');

/** A data folder with the keys of wallets and hub; no trace depends on those of the wallets. */
export async function folderWithKeys(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hutong-simulation-'));
  const beginning: Clock = {
    now: () => new Date(BEGINNING_MS),
    real: () => new Date(BEGINNING_MS),
  };
  const made = await mintedKeys(beginning, 'hutong-simulation-keys');
  cpSync(made, join(folder, 'keys'), { recursive: true });
  const master = createHash('sha256').update('simulation').digest('hex');
  writeFileSync(join(folder, 'master.key'), `${master}\n`, { mode: 0o600 });
  return folder;
}
