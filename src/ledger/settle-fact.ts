import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { Move, RowChange } from './ledger.ts';

/** What a wallet's verified fact leads to in the situation as it was read. */
interface Judged<Result> {
  readonly parts: Omit<Move, 'book' | 'id' | 'keys'>;
  /** A break that comes with it and may be there already: then the rest is done without it. */
  readonly beside?: Pick<Move, 'rows' | 'events'>;
  readonly result: Result;
}

export interface FactToSettle<Result> {
  readonly book: Book;
  /** For the error of a fact that never gets through. */
  readonly subject: string;
  /** Reads the situation and judges it; `settled` when another path has taken the fact. */
  judge(): Promise<Judged<Result> | { readonly settled: Result }>;
  /** Row changes that must commit with the fact: the inbox row that it settles. */
  also(result: Result): readonly RowChange[];
}

const MAX_ROUNDS = 20;

/** Commits what a fact leads to, once; when somebody was faster it is read and judged again. */
export async function settleFact<Result>(
  app: App,
  { book, subject, judge, also }: FactToSettle<Result>,
): Promise<Result> {
  let there = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const judged = await judge();
    if ('settled' in judged) return judged.settled;
    const { parts, result } = judged;
    const beside = there ? undefined : judged.beside;
    const rows = [...parts.rows, ...(beside?.rows ?? []), ...also(result)];
    const events = [...parts.events, ...(beside?.events ?? [])];
    if (rows.length + events.length + parts.postings.length === 0) return result;
    const done = await app.ledger.submit({ book, ...parts, rows, events });
    if (done.kind === 'committed') return result;
    if (done.kind === 'taken' && done.constraint === 'breaks_once') {
      if (beside) {
        there = true;
        continue;
      }
      // The break is there already: say only what remains to be said.
      await submitRows(app, book, also(result));
      return result;
    }
    assert(done.kind !== 'refused', `a fact about ${subject} was refused by an account`);
  }
  throw new Error(`facts about ${subject} keep colliding`);
}

/** Row changes that move no money, if there are any. */
export async function submitRows(app: App, book: Book, rows: readonly RowChange[]): Promise<void> {
  if (rows.length === 0) return;
  await app.ledger.submit({ book, rows, postings: [], events: [], jobs: [] });
}
