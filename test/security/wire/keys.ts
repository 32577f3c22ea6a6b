import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.ts';
import { copyTestKeys } from '../../../src/sandbox/alipay/open/test-keys.ts';
import { copyOfKeys } from '../../../src/sandbox/wechat-pay/merchants/testing.ts';
import type { WireWallet } from './rig.ts';

/** A directory of the caller's own with the keys of a sandbox, made before or to be made there. */
export async function keysFor(name: WireWallet): Promise<string> {
  if (name === 'wechat_pay') return copyOfKeys();
  const dir = mkdtempSync(join(tmpdir(), 'hutong-wire-'));
  if (name === 'alipay') await copyTestKeys(dir);
  else if (existsSync(keptKeys(name))) cpSync(keptKeys(name), dir, { recursive: true });
  return dir;
}

/** Keys take seconds to make: those of a first start are kept for this machine's other tests. */
function keptKeys(name: 'union_pay' | 'douyin_pay'): string {
  const hash = createHash('sha256');
  for (const file of [`${name.replace('_', '-')}/keys.ts`, 'certificates.ts']) {
    hash.update(readFileSync(join(packageRoot(), 'src/sandbox', file)));
  }
  return join(tmpdir(), `hutong-wire-keys-${name}-${hash.digest('hex').slice(0, 16)}`);
}

/** Whoever is first wins; the others' stay their own. */
export function keepKeys(name: WireWallet, keys_dir: string): void {
  if ((name !== 'union_pay' && name !== 'douyin_pay') || existsSync(keptKeys(name))) return;
  const fresh = mkdtempSync(join(tmpdir(), 'hutong-wire-keys-'));
  cpSync(keys_dir, fresh, { recursive: true });
  try {
    renameSync(fresh, keptKeys(name));
  } catch {
    rmSync(fresh, { recursive: true, force: true });
  }
}
