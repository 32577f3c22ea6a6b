import { type Queryable, sql } from '../../db/pool.ts';
import { storableJson } from '../../db/storable.ts';
import type { Book } from '../../ids.ts';
import type { Move, MoveResult, NewPosting } from '../ledger.ts';

/**
 * Moves on their way to the process that writes a book, and the answers back. The answer commits
 * with the move, so that a move is applied once however often either side dies.
 */
export interface Mail {
  readonly id: string;
  readonly move: Move;
}

/** `failed`: the writer could not apply it, and nothing of it was. */
export type MailResult = MoveResult | { readonly kind: 'failed'; readonly message: string };

/** More are read in the next batch. */
const MAX_READ = 512;
/** Answers that nobody fetched: their sender is gone. */
const KEPT = '1 hour';

export function encodeMove(move: Move): string {
  return JSON.stringify(move, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** JSON as it was encoded, with the amounts and times of postings and jobs what they were. */
type Encoded<T> = T extends bigint | Date
  ? string
  : T extends object
    ? { readonly [K in keyof T]: Encoded<T[K]> }
    : T;

function decodeSpec<T extends { floor?: string; cap?: string }>({ floor, cap, ...spec }: T) {
  return {
    ...spec,
    ...(floor === undefined ? {} : { floor: BigInt(floor) }),
    ...(cap === undefined ? {} : { cap: BigInt(cap) }),
  };
}

function decodePosting(posting: Encoded<NewPosting>): NewPosting {
  const business_at = new Date(posting.business_at);
  if ('ends' in posting) return { ...posting, business_at };
  const { expires_at, debit, credit, amount, ...rest } = posting;
  return {
    ...rest,
    debit: decodeSpec(debit),
    credit: decodeSpec(credit),
    amount: BigInt(amount),
    business_at,
    ...(expires_at === undefined ? {} : { expires_at: new Date(expires_at) }),
  };
}

/** Values of rows, events and keys go to the database as JSON in any case, and may stay it. */
export function decodeMove(text: string): Move {
  const move = JSON.parse(text) as Move & Pick<Encoded<Move>, 'postings' | 'jobs'>;
  const jobs = move.jobs.map(({ run_at, ...job }) =>
    run_at === undefined ? job : { ...job, run_at: new Date(run_at) },
  );
  return { ...move, jobs, postings: move.postings.map(decodePosting) };
}

export async function sendMail(db: Queryable, book: Book, mails: readonly Mail[]): Promise<void> {
  const ids = mails.map(({ id }) => id);
  const moves = mails.map(({ move }) => storableJson(encodeMove(move)));
  await db.query(sql`
    insert into ledger_mail (book, id, move)
    select ${book}, r.id, r.move::jsonb from unnest(${ids}::text[], ${moves}::text[]) r (id, move)`);
}

/** Oldest first; only the holder of the book's lease may ask. */
export async function readMail(db: Queryable, book: Book): Promise<Mail[]> {
  const rows = await db.query<{ id: string; move: string }>(sql`
    select id, move::text as move from ledger_mail
    where book = ${book} and result is null order by id limit ${MAX_READ}`);
  return rows.map(({ id, move }) => ({ id, move: decodeMove(move) }));
}

/**
 * Which of these letters wait for an answer still, locked until the transaction ends: one that its
 * sender has taken back meanwhile must not be done any more.
 */
export async function lockMail(
  tx: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await tx.query<{ id: string }>(sql`
    select id from ledger_mail
    where book = ${book} and id = any(${ids}) and result is null order by id for update`);
  return new Set(rows.map(({ id }) => id));
}

export async function answerMail(
  db: Queryable,
  book: Book,
  answers: readonly { id: string; result: MailResult }[],
): Promise<void> {
  if (answers.length === 0) return;
  const ids = answers.map(({ id }) => id);
  const results = answers.map(({ result }) => JSON.stringify(result));
  await db.query(sql`
    update ledger_mail m set result = r.result::jsonb
    from unnest(${ids}::text[], ${results}::text[]) r (id, result)
    where m.book = ${book} and m.id = r.id and m.result is null`);
}

/**
 * The answers that are there for these letters. They stay until the next call says that they are
 * `known`: what is read on a connection that is cut must be read again.
 */
export async function readAnswers(
  db: Queryable,
  book: Book,
  { ids, known }: { readonly ids: readonly string[]; readonly known: readonly string[] },
): Promise<{ id: string; result: MailResult }[]> {
  return db.query(sql`
    with over as (
      delete from ledger_mail where book = ${book} and id = any(${known}) and result is not null
    )
    select id, result from ledger_mail
    where book = ${book} and id = any(${ids}) and result is not null order by id`);
}

/** Which of these letters are still there, answered or not. */
export async function keptMail(
  db: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(sql`
    select id from ledger_mail where book = ${book} and id = any(${ids})`);
  return new Set(rows.map(({ id }) => id));
}

/** Takes back letters that nobody has answered. Waits for a batch that is writing one. */
export async function withdrawMail(
  db: Queryable,
  book: Book,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    delete from ledger_mail where book = ${book} and id = any(${ids}) and result is null
    returning id`);
  return rows.map(({ id }) => id);
}

export async function notifyWriters(db: Queryable, payload: string): Promise<void> {
  await db.query(sql`select pg_notify('hutong_ledger', ${payload})`);
}

export async function forgetMail(db: Queryable): Promise<void> {
  await db.query(sql`
    delete from ledger_mail
    where result is not null and created_at < clock_timestamp() - ${KEPT}::interval`);
}
