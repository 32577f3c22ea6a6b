import { KEEP_OUT, LET_IN } from '../support/before-the-chain.ts';

/** One violation of one law, planted by SQL in books that are clean. */
export interface Plant {
  readonly law: string;
  readonly plant: string;
  /** The rows that the law then names: a query that answers their `id`. */
  readonly finds: string;
  /** Other laws that the same statement breaks. */
  readonly also?: readonly string[];
}

/** Postings can be changed only by somebody who first gives himself the right; the chain tells. */
export function forged(statement: string): Pick<Plant, 'plant' | 'also'> {
  const plant = `grant update on postings to current_user; ${statement};
    revoke update on postings from current_user`;
  return { plant, also: ['chain.links-follow'] };
}

/** A posting that is in no link, as those from before the chain are. */
export const unchained = (statement: string) => `${LET_IN}; ${statement}; ${KEEP_OUT}`;

export const one = (id: string) => `select '${id}' as id`;
