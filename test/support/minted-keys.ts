import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/clock.ts';
import { packageRoot } from '../../src/package-root.ts';
import { startSandboxWallets } from '../../src/world/wallets.ts';

/**
 * The folder with the keys that every sandbox makes at its first start. They take seconds of
 * computing, so a checkout makes them once; changed sandboxes make them anew. Certificates are in
 * force from the clock's time on: whoever lives in another time names it.
 */
export async function mintedKeys(
  clock: Clock = systemClock,
  name = 'hutong-test-keys',
  /** Of the merchants' numbers; the keys themselves are never the same. */
  seed?: number,
): Promise<string> {
  const sources = digestOf(join(packageRoot(), 'src', 'sandbox'));
  const numbers = seed === undefined ? '' : `-${seed}`;
  const cache = join(packageRoot(), '.cache');
  const kept = join(cache, `${name}${numbers}-${userInfo().uid}-${sources}`);
  if (isFolder(kept)) return join(kept, 'keys');
  mkdirSync(cache, { recursive: true });
  const data_dir = mkdtempSync(join(cache, `${name}-`));
  const config = { host: '127.0.0.1', data_dir, notify_pace: 1 };
  const numbered = seed === undefined ? {} : { seed };
  const wallets = await startSandboxWallets({ config, clock, ...numbered });
  await wallets.stop();
  try {
    renameSync(data_dir, kept);
  } catch {
    // Another run was first.
    rmSync(data_dir, { recursive: true, force: true });
  }
  return join(kept, 'keys');
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((path) => /(?<!\.test)\.ts$/.test(path)).sort()) {
    hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
