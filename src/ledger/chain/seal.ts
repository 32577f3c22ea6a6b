import { createHash } from 'node:crypto';
import type { PostingRow } from '../apply.ts';

/**
 * The chain over a book's postings. Every posting has a position, from 1 and without gaps; every
 * batch adds one link: SHA-256 over the 32 bytes of the link before it (32 zero bytes at first) and
 * the batch's postings in order, each as one line of JSON. Whoever keeps an old link can prove that
 * nothing before it was changed since. The lines hold ids, amounts, reasons and times, and nothing
 * about persons.
 */
export const GENESIS: Buffer = Buffer.alloc(32);

export interface SealedPosting extends Omit<PostingRow, 'expires_at'> {
  readonly position: bigint;
  readonly move_id: string;
  readonly expires_at: Date | null;
  readonly created_at: Date;
}

/** One posting as the line that is hashed; amounts and positions are strings, times are UTC. */
export function sealedLine(posting: SealedPosting): string {
  return `${JSON.stringify([
    posting.position.toString(),
    posting.id,
    posting.move_id,
    posting.kind,
    posting.ends,
    posting.debit_account,
    posting.credit_account,
    posting.amount.toString(),
    posting.currency,
    posting.reason,
    posting.subject_id,
    posting.business_at.toISOString(),
    posting.expires_at?.toISOString() ?? null,
    posting.created_at.toISOString(),
  ])}\n`;
}

/** The next link after `previous`. */
export function nextLink(previous: Buffer, lines: readonly string[]): Buffer {
  return createHash('sha256').update(previous).update(lines.join('')).digest();
}
