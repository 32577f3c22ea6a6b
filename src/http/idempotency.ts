import type { App } from '../app.ts';
import { type Queryable, sql, sqlState, type Tx, violatedConstraint } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { type Book, bookOf, sha256 } from '../ids.ts';
import { eachBook } from '../jobs/due-work.ts';
import type { PeriodicSpec } from '../jobs/jobs.ts';
import { KEY_INDEX, KeyTaken } from '../ledger/key-taken.ts';
import type { RowChange, RowKind } from '../ledger/ledger.ts';
import { type Caller, principalOf } from './caller.ts';
import { canonicalJson, jsonText } from './canonical-json.ts';
import type { Reply } from './route.ts';

/**
 * Idempotency-Key (law 4). The row of the key commits with the intent, never before or after it, so
 * a duplicate is refused by the primary key and aborts whole. Two forms:
 *
 * (a) calls that only write the database: the answer commits in the same transaction and is
 *     replayed word for word, without secrets (`writeOnce`, or a row in the verb's own statement);
 * (b) calls that go to a wallet: the row commits in flight with the id of its object; a replay
 *     shows that object's present state, and never calls the wallet again (`actOnce`).
 */
export interface CallKey {
  readonly book: Book;
  readonly key_hash: string;
  readonly body_digest: string;
  /** Real time until which a copy is told to wait; then the object speaks. */
  readonly lease_until: Date;
}

/** What an earlier copy left: its answer, or the object whose present state answers. */
export type EarlierCall =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'object'; readonly object_id: string };

const KEY_FORM = /^[\x21-\x7e]{1,255}$/;
const LEASE_MARGIN_MS = 5_000;
/** Prefixes of objects that live in a book of their own. */
const IN_BOOK = /^(pay|att|rfd|evt|dlv|stl|pyo|brk)_/;

/** The key of a request; undefined when none was sent. @throws Refusal when it is malformed. */
export function callKey(
  app: App,
  request: {
    readonly caller: Caller;
    readonly method: string;
    readonly path: string;
    readonly header: string | undefined;
    readonly body: unknown;
    readonly object_ids: readonly string[];
  },
): CallKey | undefined {
  const { caller, header } = request;
  if (header === undefined) return undefined;
  if (!KEY_FORM.test(header)) {
    throw new Refusal('invalid_parameter', {
      param: 'Idempotency-Key',
      message: 'Idempotency-Key must be 1 to 255 visible ASCII characters without spaces',
    });
  }
  const home = request.object_ids.find((id) => IN_BOOK.test(id));
  const scope = [principalOf(caller), request.method, request.path, header];
  return {
    book: home === undefined ? caller.book : bookOf(home),
    key_hash: sha256(JSON.stringify(scope)),
    body_digest: sha256(canonicalJson(request.body)),
    lease_until: new Date(Date.now() + app.config.wallet_timeout_ms + LEASE_MARGIN_MS),
  };
}

interface KeyRow {
  readonly body_digest: string;
  readonly state: 'in_flight' | 'done';
  readonly status: number | null;
  readonly response: string | null;
  readonly object_id: string | null;
  readonly lease_left_ms: number;
}

/**
 * What an earlier copy of this request left; undefined when there was none.
 * @throws Refusal('idempotency_conflict') when the body is another one,
 * Refusal('idempotency_in_flight') while the lease of the first copy runs.
 */
export async function findKey(db: Queryable, key: CallKey): Promise<EarlierCall | undefined> {
  const [row] = await db.query<KeyRow>(sql`
    select body_digest, state, status, response, object_id,
      (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as lease_left_ms
    from idempotency_keys where book = ${key.book} and key_hash = ${key.key_hash}`);
  if (!row) return undefined;
  if (row.body_digest !== key.body_digest) throw new Refusal('idempotency_conflict');
  if (row.response !== null) {
    return { kind: 'reply', reply: replayed({ status: row.status ?? 200, text: row.response }) };
  }
  if (row.state === 'in_flight' && row.lease_left_ms > 0) {
    throw new Refusal('idempotency_in_flight', { retry_after_s: 1 });
  }
  if (row.object_id === null) throw new Refusal('concurrent_change');
  return { kind: 'object', object_id: row.object_id };
}

/** The same, for a caller that lost the race for the key: the row is known to be there. */
export async function replayOrConflict(db: Queryable, key: CallKey): Promise<EarlierCall> {
  const earlier = await findKey(db, key);
  if (!earlier) throw new Refusal('concurrent_change');
  return earlier;
}

/** Form (a), where only an answer can have been stored. */
export async function replayReply(db: Queryable, key: CallKey): Promise<Reply> {
  const earlier = await replayOrConflict(db, key);
  if (earlier.kind === 'object') throw new Refusal('concurrent_change');
  return earlier.reply;
}

/** Form (b): the call is over; from now on a copy need not wait. */
export async function finishKey(db: Queryable, key: CallKey): Promise<void> {
  await db.query(sql`
    update idempotency_keys set state = 'done'
    where book = ${key.book} and key_hash = ${key.key_hash} and state = 'in_flight'`);
}

const KEY_ROW: RowKind = {
  table: 'idempotency_keys',
  id_column: 'key_hash',
  columns: { state: 'text' },
};

/** The same as part of the move that records what the call has brought. */
export function keyFinished(key_hash: string): RowChange {
  return { op: 'set', kind: KEY_ROW, id: key_hash, values: { state: 'done' } };
}

/** True when a statement failed because another copy has committed this idempotency key. */
export function isKeyTaken(error: unknown): boolean {
  return sqlState(error) === '23505' && violatedConstraint(error) === KEY_INDEX;
}

/** Marks an answer as one that was given before. */
export function replayed(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, 'Idempotent-Replayed': 'true' } };
}

/**
 * Form (a) for any verb that takes a transaction. Copies wait on the key's index entry until the
 * first one commits, then replay its answer; a refused first copy leaves nothing behind.
 * @param secret_fields top-level members of the answer that are shown once and replayed as null.
 */
export async function writeOnce(
  app: App,
  key: CallKey | undefined,
  work: (tx: Tx) => Promise<{ readonly status: number; readonly body: object }>,
  secret_fields: readonly string[] = [],
): Promise<Reply> {
  if (!key) return app.db.transaction(work);
  try {
    return await app.db.transaction(async (tx) => {
      await tx.query(sql`
        insert into idempotency_keys (book, key_hash, body_digest, state, lease_until)
        values (${key.book}, ${key.key_hash}, ${key.body_digest}, 'in_flight', now())`);
      const reply = await work(tx);
      const kept: Record<string, unknown> = { ...reply.body };
      for (const field of secret_fields) if (field in kept) kept[field] = null;
      await tx.query(sql`
        update idempotency_keys
        set state = 'done', status = ${reply.status}, response = ${jsonText(kept)}
        where book = ${key.book} and key_hash = ${key.key_hash}`);
      return reply;
    });
  } catch (error) {
    if (isKeyTaken(error)) return replayReply(app.db, key);
    throw error;
  }
}

/** A call of form (b): what it does, and how its object is shown to a copy. */
export interface Act {
  readonly key: CallKey | undefined;
  act(key: CallKey): Promise<Reply>;
  /** The present state of the object. @throws Refusal when it is gone */
  show(object_id: string): Promise<Reply>;
  /**
   * True where a faster copy may be the very reason of a refusal: it took the money, or moved the
   * object on. What it left is the answer then.
   */
  readonly refused_by_copy?: boolean;
}

export async function actOnce(app: App, { key, act, show, refused_by_copy }: Act): Promise<Reply> {
  if (!key) throw new Refusal('idempotency_key_required');
  const earlier = await replayObject(app, key, show);
  if (earlier) return earlier;
  try {
    const reply = await act(key);
    // Only the copy that made the intent may say it is over: the others wait for its lease.
    await finishKey(app.db, key);
    return reply;
  } catch (error) {
    const faster = error instanceof KeyTaken || (refused_by_copy && error instanceof Refusal);
    const again = faster ? await replayObject(app, key, show) : undefined;
    if (!again) throw error;
    return again;
  }
}

/** What an earlier copy of a call of form (b) left; undefined when there was none. */
export async function replayObject(
  app: App,
  key: CallKey,
  show: (object_id: string) => Promise<Reply>,
): Promise<Reply | undefined> {
  const earlier = await findKey(app.db, key);
  if (!earlier) return undefined;
  if (earlier.kind === 'reply') return earlier.reply;
  return replayed(await show(earlier.object_id));
}

const KEPT_DAYS = 30;
const FORGOTTEN_AT_ONCE = 1_000;
const MAX_ROUNDS = 100;

/** Keys are kept for 30 days of real time; every hour the older ones go, in small statements. */
export const forgetOldKeys: PeriodicSpec = {
  name: 'idempotency.forget',
  every_ms: 3_600_000,
  run: (app) => eachBook(app, (book) => forgetKeysOf(app.db, book)),
};

async function forgetKeysOf(db: Queryable, book: Book): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const gone = await db.query(sql`
      delete from idempotency_keys where book = ${book} and key_hash in (
        select key_hash from idempotency_keys
        where book = ${book} and created_at < clock_timestamp() - make_interval(days => ${KEPT_DAYS})
        order by created_at limit ${FORGOTTEN_AT_ONCE})
      returning key_hash`);
    if (gone.length < FORGOTTEN_AT_ONCE) return;
  }
}
