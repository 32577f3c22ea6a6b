import type { Statement } from '../db/pool.ts';

/**
 * Something that is true of the database at every committed moment, whatever runs, dies or is
 * restored meanwhile. Laws are statements about rows, so one file of `src/laws` may speak of the
 * tables of several slices.
 */
export interface Law {
  /** `<subject>.<words-with-hyphens>`: what `hutong check --law` takes. */
  readonly name: string;
  /** One sentence: what is always true. */
  readonly means: string;
  /**
   * Selects the violations, one row each, as `id` (the offending row) and `detail`, both text.
   * One statement is one snapshot. It reads each table once and joins by hashing: its time must
   * grow with the rows, not with their product.
   */
  readonly violations: Statement;
}
