import { randomBytes } from 'node:crypto';
import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { assert, Refusal } from '../errors.ts';
import { CURRENT_VERSION } from '../http/versions.ts';
import { newId, sha256 } from '../ids.ts';
import type { ApiKey, KeyHolder } from './platform.ts';
import { endKey, insertKey, selectKey } from './queries.ts';

/** A key and its secret, which exists nowhere else and is shown only now. */
export interface MintedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

const SECRET_BYTES = 24;
const HINT_LENGTH = 4;

export async function mintKey(
  app: Pick<App, 'config'>,
  db: Queryable,
  holder: KeyHolder,
): Promise<MintedKey> {
  const mode = app.config.mode === 'production' ? 'live' : 'test';
  const secret = `sk_${mode}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const key = await insertKey(
    db,
    {
      id: newId('key'),
      hint: secret.slice(-HINT_LENGTH),
      role: holder.role,
      platform_id: 'platform_id' in holder ? holder.platform_id : null,
      merchant_id: 'merchant_id' in holder ? holder.merchant_id : null,
      wallet: 'wallet' in holder ? holder.wallet : null,
      api_version: CURRENT_VERSION,
    },
    sha256(secret),
  );
  return { key, secret };
}

/**
 * A new key for the same holder; the old one is refused `overlap_s` seconds later. Forget cached
 * callers (`authenticatorOf(app).forget()`) after commit.
 */
export async function rotateKey(
  app: Pick<App, 'config'>,
  db: Queryable,
  { id, overlap_s }: { readonly id: string; readonly overlap_s: number },
): Promise<MintedKey> {
  const old = await endKey(db, id, overlap_s);
  if (!old) throw await cannotEnd(db, id);
  return mintKey(app, db, holderOf(old));
}

/** The key is refused from now on. Revoking it twice is harmless. */
export async function revokeKey(db: Queryable, id: string): Promise<ApiKey> {
  const key = (await endKey(db, id, 0)) ?? (await selectKey(db, id));
  if (!key) throw new Refusal('not_found');
  return key;
}

async function cannotEnd(db: Queryable, id: string): Promise<Refusal> {
  if (!(await selectKey(db, id))) return new Refusal('not_found');
  return new Refusal('state_conflict', { message: 'this key is revoked: mint a new one' });
}

function holderOf(key: ApiKey): KeyHolder {
  const { role, platform_id, merchant_id, wallet } = key;
  switch (role) {
    case 'operator':
      return { role };
    case 'marketplace':
      assert(platform_id, `key ${key.id} has no platform`);
      return { role, platform_id };
    case 'merchant':
      assert(platform_id && merchant_id, `key ${key.id} has no merchant`);
      return { role, platform_id, merchant_id };
    case 'wallet':
      assert(wallet, `key ${key.id} has no wallet`);
      return { role, wallet };
    default:
      return role satisfies never;
  }
}
