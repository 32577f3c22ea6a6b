import { createHash } from 'node:crypto';
import type { Move } from '../ledger.ts';

/**
 * The body of a move as its caller meant it: what would be the same in a second try. Ids and times
 * of postings, events and jobs are made anew for each try and are left out.
 */
export function bodyDigest(move: Move): string {
  const rows = move.rows.map(({ op, kind, id }) => [op, kind.table, id]);
  const postings = move.postings.map((posting) =>
    'ends' in posting
      ? [posting.kind, posting.ends]
      : [
          posting.kind,
          posting.debit.id,
          posting.credit.id,
          posting.amount.toString(),
          posting.currency,
          posting.reason,
          posting.subject_id ?? null,
        ],
  );
  const body = JSON.stringify([rows, postings]);
  return createHash('sha256').update(body).digest('base64url');
}
