import { type Queryable, type Statement, statement } from '../db/pool.ts';
import type { Law } from './law.ts';

/** Runs laws on any connection; each law is one statement, so one snapshot. */
const NAMED_ROWS = 20;

/** An offending row. */
export interface Offence {
  readonly id: string;
  readonly detail: string;
}

export interface LawFindings {
  /** How many rows break the law. */
  readonly count: number;
  /** The first of them, by id. */
  readonly rows: readonly Offence[];
}

export async function tryLaw(db: Queryable, law: Law): Promise<LawFindings> {
  const rows = await db.query<Offence & { count: number }>(named(law.violations));
  return {
    count: rows[0]?.count ?? 0,
    rows: rows.map(({ id, detail }) => ({ id, detail })),
  };
}

function named({ text, values }: Statement): Statement {
  return statement(
    `with violations as materialized (${text})
    select id, detail, (count(*) over ())::int as count
    from violations order by id, detail limit ${NAMED_ROWS}`,
    values,
  );
}

/** A broken law as the API answers it. */
export interface Violation {
  readonly law: string;
  readonly detail: string;
}

/** One line for each offending row; nothing when all is well. */
export async function brokenLaws(db: Queryable, laws: readonly Law[]): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const law of laws) {
    const { count, rows } = await tryLaw(db, law);
    for (const { id, detail } of rows) found.push({ law: law.name, detail: `${id}: ${detail}` });
    if (count > rows.length) {
      found.push({ law: law.name, detail: `and ${count - rows.length} more` });
    }
  }
  return found;
}
