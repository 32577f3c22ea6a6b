import { createPublicKey } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newRsaKey } from '../../certificates.ts';
import { type SandboxRandom, sandboxRandom } from '../../random.ts';
import { openAuthority } from './authority.ts';
import { readOptional, writePrivate } from './key-files.ts';
import { loadMerchant, type Merchant, type Role } from './keys.ts';
import { PlatformKeys } from './platform.ts';
import type { TrustMode } from './settings.ts';

interface Registered {
  readonly account: string;
  readonly role: Role;
  readonly first_trust: TrustMode;
  /** Under which the merchant is registered; payers see those of sellers and of the first. */
  readonly name: string;
}

/** The first one is what `merchantAccount` gives; a file prefix is made of the account's name. */
const MERCHANTS: readonly Registered[] = [
  { account: 'direct', role: 'direct', first_trust: 'pubkey', name: '胡同集市' },
  { account: 'partner', role: 'partner', first_trust: 'pubkey', name: '胡同服务商' },
  { account: 'platform', role: 'platform', first_trust: 'pubkey', name: '胡同平台' },
  { account: 'certificate', role: 'direct', first_trust: 'cert', name: '胡同文具' },
];

export interface LoadedKeys {
  readonly merchants: readonly Merchant[];
  readonly platform: PlatformKeys;
}

/** Everything kept in `directory`, made where it is missing; keys are made side by side. */
export async function loadKeys(
  directory: string,
  now: () => Date,
  random: SandboxRandom = sandboxRandom(),
): Promise<LoadedKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [authority, server_key] = await Promise.all([
    openAuthority(directory, now()),
    serverKey(directory),
  ]);
  const [platform, ...merchants] = await Promise.all([
    PlatformKeys.open(directory, authority, now),
    ...MERCHANTS.map((registered) =>
      loadMerchant({
        ...registered,
        directory,
        prefix: registered.account === 'direct' ? 'wechat_pay' : `wechat_pay_${registered.account}`,
        authority,
        server_key,
        now,
        random: random.stream(`merchant ${registered.account}`),
      }),
    ),
  ]);
  return { merchants, platform };
}

/** What the wallet signs with in public-key mode. */
async function serverKey(directory: string): Promise<string> {
  const file = join(directory, 'wechat_pay_server_private_key.pem');
  const kept = await readOptional(file);
  if (kept !== undefined) return kept;
  const key = await newRsaKey();
  const half = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  await writePrivate(join(directory, 'wechat_pay_public_key.pem'), half);
  await writePrivate(file, key);
  return key;
}
