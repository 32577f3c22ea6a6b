import { timingSafeEqual } from 'node:crypto';
import type { App } from '../app.ts';
import { type Db, sql } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { sha256 } from '../ids.ts';
import type { Caller, Role } from './caller.ts';

/**
 * Bearer keys: only their SHA-256 is stored. A caller is cached for a moment, so a key revoked in
 * another process is refused within `CACHE_MS`, and in this one at once.
 */
export interface Authenticator {
  /** Whom an Authorization header names. @throws Refusal('unauthenticated'|'wrong_mode_key') */
  caller(authorization: string | undefined): Promise<Caller>;
  /** Forgets everybody, after a key was revoked or a platform changed. */
  forget(): void;
}

const CACHE_MS = 2_000;
const MAX_CACHED = 10_000;
const KEY_FORM = /^Bearer (sk_(test|live)_[A-Za-z0-9_-]{20,100})$/i;

interface Cached {
  readonly until_ms: number;
  readonly caller: Promise<Caller | undefined>;
}

function createAuthenticator(app: Pick<App, 'db' | 'config'>): Authenticator {
  const cache = new Map<string, Cached>();
  const mode = app.config.mode === 'production' ? 'live' : 'test';

  function lookUp(hash: string): Promise<Caller | undefined> {
    const cached = cache.get(hash);
    if (cached && cached.until_ms > Date.now()) return cached.caller;
    const caller = selectCaller(app.db, hash);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(hash, { until_ms: Date.now() + CACHE_MS, caller });
    // Neither a failed look-up nor an unknown key may answer for the next request.
    const drop = () => {
      if (cache.get(hash)?.caller === caller) cache.delete(hash);
    };
    caller.then((found) => found ?? drop(), drop);
    return caller;
  }

  return {
    async caller(authorization) {
      if (authorization === undefined) {
        throw new Refusal('unauthenticated', {
          message: 'send Authorization: Bearer with an API key of this installation',
        });
      }
      const [, key, kind] = KEY_FORM.exec(authorization) ?? [];
      if (key === undefined || kind === undefined) throw new Refusal('unauthenticated');
      if (kind !== mode) {
        throw new Refusal('wrong_mode_key', {
          message: `this installation takes keys that begin with sk_${mode}_`,
        });
      }
      const caller = await lookUp(sha256(key));
      if (!caller) throw new Refusal('unauthenticated');
      return caller;
    },
    forget: () => cache.clear(),
  };
}

const authenticators = new WeakMap<Db, Authenticator>();

/** The one authenticator of this App, shared by the server and the verbs that change keys. */
export function authenticatorOf(app: Pick<App, 'db' | 'config'>): Authenticator {
  const known = authenticators.get(app.db);
  if (known) return known;
  const made = createAuthenticator(app);
  authenticators.set(app.db, made);
  return made;
}

interface CallerRow {
  readonly id: string;
  readonly key_hash: string;
  readonly role: Role;
  readonly api_version: string;
  readonly merchant_id: string | null;
  readonly wallet: string | null;
  readonly platform_id: string | null;
  readonly hosts: readonly string[] | null;
  readonly book: number | null;
}

async function selectCaller(db: Db, hash: string): Promise<Caller | undefined> {
  const [row] = await db.query<CallerRow>(sql`
    select k.id, k.key_hash, k.role, k.api_version, k.merchant_id, k.wallet,
      p.id as platform_id, p.hosts, p.book
    from api_keys k
    left join merchants m on m.id = k.merchant_id
    left join platforms p on p.id = coalesce(k.platform_id, m.platform_id)
    where k.key_hash = ${hash} and (k.revoked_at is null or k.revoked_at > clock_timestamp())`);
  if (!row || !timingSafeEqual(Buffer.from(row.key_hash), Buffer.from(hash))) return undefined;
  return {
    key_id: row.id,
    role: row.role,
    api_version: row.api_version,
    book: row.book ?? 0,
    ...(row.platform_id === null
      ? {}
      : { platform: { id: row.platform_id, hosts: row.hosts ?? [] } }),
    ...(row.merchant_id === null ? {} : { merchant_id: row.merchant_id }),
    ...(row.wallet === null ? {} : { wallet: row.wallet }),
  };
}
