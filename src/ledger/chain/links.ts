import { type Queryable, sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import { GENESIS, nextLink, type SealedPosting, sealedLine } from './seal.ts';

/** One link of a book's chain with the lines it was made of, as an outsider gets it. */
export interface ChainLink {
  readonly first_position: number;
  readonly last_position: number;
  /** SHA-256, hex. */
  readonly hash: string;
  readonly sealed_at: string;
  readonly lines: readonly string[];
}

interface LinkRow {
  first_position: bigint;
  last_position: bigint;
  hash: Buffer;
  sealed_at: Date;
}

/** A page ends with the link that brings it to so many postings. */
const PAGE_POSTINGS = 2_000n;
const PAGE_LINKS = 500;

/** The links after a position, oldest first, and whether there are more. */
export async function selectLinks(
  db: Queryable,
  book: Book,
  after: number,
): Promise<{ links: ChainLink[]; more: boolean }> {
  const rows = await db.query<LinkRow>(sql`
    select first_position, last_position, hash, sealed_at from ledger_seals
    where book = ${book} and last_position > ${after}
    order by last_position limit ${PAGE_LINKS + 1}`);
  const start = rows[0]?.first_position ?? 0n;
  const full = rows.findIndex(({ last_position }) => last_position - start >= PAGE_POSTINGS);
  const shown = rows.slice(0, Math.min(full < 0 ? rows.length : full + 1, PAGE_LINKS));
  const lines = await selectLines(db, book, start, shown.at(-1)?.last_position ?? 0n);
  const links = shown.map((row) => ({
    first_position: Number(row.first_position),
    last_position: Number(row.last_position),
    hash: row.hash.toString('hex'),
    sealed_at: row.sealed_at.toISOString(),
    lines: lines.slice(Number(row.first_position - start), Number(row.last_position - start) + 1),
  }));
  return { links, more: rows.length > shown.length };
}

/** What the hub itself says of a book, for whoever compares it with the links. */
export interface ChainClaims {
  /** Where its last link ends. */
  readonly head_position: number;
  /** Postings that are in no link. */
  readonly outside: number;
  /** As many were there before the chain. */
  readonly outside_known: number;
}

export async function selectClaims(db: Queryable, book: Book): Promise<ChainClaims> {
  const [row] = await db.query<{ head: bigint; outside: bigint; known: bigint }>(sql`
    select coalesce(max(position), 0) as head, coalesce(max(outside), 0) as known,
      (select count(*) from postings where book = ${book} and position is null) as outside
    from ledger_heads where book = ${book}`);
  const { head, outside, known } = row ?? { head: 0n, outside: 0n, known: 0n };
  return {
    head_position: Number(head),
    outside: Number(outside),
    outside_known: Number(known),
  };
}

async function selectLines(
  db: Queryable,
  book: Book,
  first: bigint,
  last: bigint,
): Promise<string[]> {
  const rows = await db.query<SealedPosting>(sql`
    select position, id, move_id, kind, ends, debit_account, credit_account, amount, currency,
      reason, subject_id, business_at, expires_at, created_at
    from postings where book = ${book} and position between ${first} and ${last}
    order by position`);
  return rows.map(sealedLine);
}

/** Follows a chain link by link; needs nothing but what the links say. */
export class ChainFollower {
  position = 0;
  hash = GENESIS.toString('hex');
  links = 0;

  /** @throws Error naming the position from which the chain is not what it claims to be. */
  follow(link: ChainLink): void {
    const { first_position, last_position, lines } = link;
    const count = last_position - first_position + 1;
    if (first_position !== this.position + 1 || lines.length !== count) {
      throw new Error(`postings are missing after position ${this.position}`);
    }
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith(`["${first_position + index}",`)) {
        throw new Error(`position ${first_position + index} holds another posting`);
      }
    }
    const hash = nextLink(Buffer.from(this.hash, 'hex'), lines).toString('hex');
    if (hash !== link.hash) {
      throw new Error(`positions ${first_position} to ${last_position} are not what was sealed`);
    }
    this.position = last_position;
    this.hash = hash;
    this.links += 1;
  }
}
