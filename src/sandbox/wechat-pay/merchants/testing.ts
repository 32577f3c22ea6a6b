import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { WalletSandbox } from '../../sandbox.ts';
import { loadKeys } from './load.ts';

/**
 * Key directories for tests. Making seven RSA keys takes longer than most tests, so they are made
 * once on this machine and copied; what a later layout adds is made in the copy.
 */
const MADE = join(tmpdir(), `hutong-wechat-pay-test-keys-${userInfo().uid}-1`);

/** A directory of the caller's own, with all keys in it. */
export async function copyOfKeys(): Promise<string> {
  const found = await stat(MADE).catch(() => undefined);
  if (!found) await makeKeys();
  const copy = await mkdtemp(join(tmpdir(), 'hutong-wechat-pay-'));
  await cp(MADE, copy, { recursive: true });
  return copy;
}

/** Whole or not there; who comes second throws its own away. */
async function makeKeys(): Promise<void> {
  const fresh = await mkdtemp(join(tmpdir(), 'hutong-wechat-pay-new-'));
  await loadKeys(fresh, () => new Date());
  await rename(fresh, MADE).catch(() => rm(fresh, { recursive: true, force: true }));
}

/** Does what a developer does at the wallet's own port. */
export async function act(
  { sandbox }: { sandbox: WalletSandbox },
  name: string,
  input: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const action = sandbox.actions.find((known) => known.name === name);
  if (!action) throw new Error(`no action ${name}`);
  return { ...(await action.run(input)) };
}
