import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../clock.ts';
import { memoryJournal, SandboxStore } from '../../store.ts';
import { openApps } from './apps.ts';

/**
 * For tests: keys and certificates are minted once a machine and copied, because minting them
 * takes seconds where many tests run at once. Other code that mints makes a new set.
 */
const MINTING = ['apps.ts', 'authority.ts', '../keys.ts', '../../certificates.ts'] as const;

async function mintedDir(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of MINTING) hash.update(await readFile(new URL(name, import.meta.url)));
  return join(tmpdir(), `hutong-alipay-minted-${hash.digest('hex').slice(0, 16)}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Fills a directory with keys, as a first start would. */
export async function copyTestKeys(keys_dir: string): Promise<void> {
  const minted = await mintedDir();
  if (!(await exists(minted))) {
    const fresh = await mkdtemp(join(tmpdir(), 'hutong-alipay-minting-'));
    const store = await SandboxStore.open(memoryJournal);
    await openApps({ keys_dir: fresh, clock: systemClock, store });
    // Whoever is first wins; the sets of the others go.
    await rename(fresh, minted).catch(() => rm(fresh, { recursive: true, force: true }));
  }
  await cp(minted, keys_dir, { recursive: true });
}
