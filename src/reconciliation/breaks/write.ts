import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import { assert } from '../../errors.ts';
import type { Book } from '../../ids.ts';
import type { Move } from '../../ledger/ledger.ts';
import { type MoveParts, NOTHING } from '../../payments/changes.ts';
import type { Desk } from '../matching/desk.ts';
import { selectBreaksNamed } from '../queries.ts';
import type { Break, BreakKind, BreakSubject } from './break.ts';
import { type Closing, endFoundLater, endVanished } from './end.ts';
import { type Owner, platformsOf } from './owner.ts';
import { change, ended, entry, freshBreak, suspensePosting, told } from './parts.ts';
import { insertBreak } from './row.ts';

/**
 * Differences become breaks. One that is there already is brought up to date, one that a later run
 * no longer finds ends by itself, and one that ended so opens again when it is back; what somebody
 * has resolved stays resolved.
 */
const PAGE = 200;
const MAX_ROUNDS = 20;

interface Difference {
  readonly kind: BreakKind;
  readonly about: BreakSubject;
  readonly subject: string;
  readonly payment_id: string | null;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Writes the breaks of one book, page by page, each in one move. */
export async function writeBreaks(
  app: App,
  desk: Desk,
  closing: Closing,
  book: Book,
): Promise<void> {
  let after: { kind: string; subject: string } = { kind: '', subject: '' };
  for (;;) {
    const page = await desk.query<Difference>(sql`
      select kind, about, subject, payment_id, amount, fee, detail from differences
      where book = ${book} and (kind, subject) > (${after.kind}, ${after.subject})
      order by kind, subject limit ${PAGE}`);
    const last = page.at(-1);
    if (!last) break;
    after = last;
    await writePage(app, closing, book, page);
  }
  await endVanished(app, desk, closing, book);
  await endFoundLater(app, desk, closing, book);
}

async function writePage(
  app: App,
  closing: Closing,
  book: Book,
  page: readonly Difference[],
): Promise<void> {
  const payments = page.flatMap(({ payment_id }) => (payment_id === null ? [] : [payment_id]));
  const platforms = await platformsOf(app, book, payments);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const there = await selectBreaksNamed(app.db, {
      book,
      account_id: closing.account.id,
      kinds: page.flatMap(({ kind }) => (kind === 'date_shift' ? [kind, 'missing_there'] : [kind])),
      subjects: page.flatMap(({ kind, subject }) =>
        kind === 'date_shift' ? [subject, subject] : [subject],
      ),
    });
    const known = new Map(there.map((found) => [`${found.kind} ${found.subject}`, found]));
    const parts = page.map((difference) => {
      const found = known.get(`${difference.kind} ${difference.subject}`);
      const named = difference.payment_id ?? '';
      const platform_id = platforms.get(named);
      const owner = platform_id === undefined ? closing.owner : { platform_id, book };
      const lacked = isLacked(known.get(`missing_there ${difference.subject}`));
      const meant = { app, closing, book, owner, lacked };
      return found ? bringUpToDate(meant, found, difference) : open(meant, difference);
    });
    const move = joined(book, parts);
    if (move.rows.length === 0) return;
    const result = await app.ledger.submit(move);
    if (result.kind === 'committed') return;
    assert(result.kind !== 'refused', 'breaks were refused by an account');
  }
  throw new Error(`the breaks of ${closing.bill_id} keep colliding`);
}

function joined(book: Book, parts: readonly MoveParts[]): Move {
  return {
    ...NOTHING,
    book,
    rows: parts.flatMap(({ rows }) => rows),
    postings: parts.flatMap(({ postings }) => postings),
    events: parts.flatMap(({ events }) => events),
  };
}

interface Meant {
  readonly app: App;
  readonly closing: Closing;
  readonly book: Book;
  readonly owner: Owner | undefined;
  /** The bill of another day was found to lack it. */
  readonly lacked: boolean;
}

function isLacked(found: Break | undefined): boolean {
  return found?.state === 'open' || found?.trail.at(-1)?.action === 'netted';
}

/** Counted here on another day, whose bill is closed: what the two lack and have is even. */
function isEven({ closing, lacked }: Meant, { kind, detail }: Difference): boolean {
  const ours = detail['our_date'];
  return kind === 'date_shift' && (lacked || (typeof ours === 'string' && ours < closing.date));
}

function open(meant: Meant, difference: Difference): MoveParts {
  const { app, closing, book, owner } = meant;
  const even = isEven(meant, difference);
  const trail = [entry(app, 'opened', `bill of ${closing.date}`)].concat(
    even ? [entry(app, 'netted', 'the bill of the other day lacks it')] : [],
  );
  const about = { ...difference, book, bill_id: closing.bill_id };
  const wallet_account_id = closing.account.id;
  const state = even ? 'resolved' : 'open';
  const found = freshBreak(app, trail, { ...about, wallet_account_id }, state);
  const row = insertBreak(found);
  return { ...NOTHING, rows: [row], events: told(app, 'break.opened', found, owner) };
}

function bringUpToDate(meant: Meant, found: Break, difference: Difference): MoveParts {
  const { app, closing, owner } = meant;
  const elsewhere = difference.detail['other_bill'];
  if (elsewhere !== undefined && elsewhere !== null) {
    if (found.state === 'resolved') return NOTHING;
    return ended(app, found, entry(app, 'netted', `the bill of ${closing.date} lacks it`), owner);
  }
  if (found.state === 'resolved') {
    const last = found.trail.at(-1)?.action;
    if (last !== 'not_in_bill' && !isOtherWay(found, difference)) return NOTHING;
    return reopened(meant, found, difference);
  }
  const { amount, fee } = difference;
  const detail = { ...found.detail, ...difference.detail };
  const isNew = found.bill_id === null;
  const isTold = found.trail.length > 0;
  const trail = isNew
    ? [...found.trail, entry(app, 'opened', `bill of ${closing.date}`)]
    : found.trail;
  const values = { bill_id: closing.bill_id, amount, fee, detail, trail };
  return {
    ...NOTHING,
    rows: [change(found, values)],
    events: isNew && !isTold ? told(app, 'break.opened', { ...found, ...values }, owner) : [],
  };
}

/** Booked as paid, and back after all, or the other way round: no longer what was decided. */
function isOtherWay({ about, amount }: Break, now: Difference): boolean {
  return about === 'payout' && amount !== null && amount * now.amount < 0n;
}

function reopened({ app, closing, owner }: Meant, found: Break, now: Difference): MoveParts {
  const postings = suspensePosting(app, closing.account, found, 'in');
  const note = `bill of ${closing.date}`;
  const ids = postings.map(({ id }) => id);
  const values = {
    state: 'open',
    resolved_at: null,
    amount: now.amount,
    fee: now.fee,
    bill_id: closing.bill_id,
    trail: [...found.trail, entry(app, 'reopened', note, 'hub', ids)],
  } as const;
  return {
    ...NOTHING,
    rows: [change(found, values)],
    postings,
    events: told(app, 'break.opened', { ...found, ...values }, owner),
  };
}
