import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { WalletName } from '../../src/wallets/wallet.ts';
import { askShared } from './shared.ts';

/** A new data folder in which the wallets' sandboxes find their keys. */
export async function dataFolder(name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `hutong-${name}-`));
  cpSync(z.string().parse(await askShared('keys')), join(folder, 'keys'), { recursive: true });
  return folder;
}

/** A new folder with the keys of one wallet's sandbox. */
export async function keysFolder(wallet: WalletName): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `hutong-keys-${wallet}-`));
  const made = join(z.string().parse(await askShared('keys')), wallet);
  cpSync(made, folder, { recursive: true });
  return folder;
}
