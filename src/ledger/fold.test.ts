import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../db/pool.ts';
import { balanceOf } from './apply.ts';
import type { Balance, NewPosting } from './ledger.ts';
import { openBooks } from './testing.ts';
import { end, floored, move, type OpenLedger, transfer } from './testing-moves.ts';

/** Random moves through the real writer: what is read of accounts is what their postings say. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
const RUNS = FULL ? 1_000 : 40;
const NAMES = ['a', 'b', 'c'];

let ledger: OpenLedger;

beforeAll(async () => {
  ({ ledger } = await openBooks());
});

afterAll(() => ledger.stop());

interface Line {
  readonly debit_account: string;
  readonly credit_account: string;
  readonly kind: NewPosting['kind'];
  readonly amount: bigint;
  readonly created_at: Date;
}

const NOTHING = { debits_pending: 0n, debits_posted: 0n, credits_pending: 0n, credits_posted: 0n };

/** Said once more in the plainest way, and not by the ledger's own functions. */
function fold(lines: readonly Line[], account: string, normal: 'debit' | 'credit'): Balance {
  const sums = { ...NOTHING };
  for (const { debit_account, credit_account, kind, amount } of lines) {
    const posted = kind === 'posted' || kind === 'post' ? amount : 0n;
    const pending = kind === 'pending' ? amount : kind === 'posted' ? 0n : -amount;
    if (debit_account === account) {
      sums.debits_posted += posted;
      sums.debits_pending += pending;
    }
    if (credit_account === account) {
      sums.credits_posted += posted;
      sums.credits_pending += pending;
    }
  }
  return balanceOf({ normal, ...sums });
}

const step = fc.record({
  do: fc.constantFrom('posted', 'posted', 'pending', 'post', 'void'),
  from: fc.nat(NAMES.length),
  to: fc.nat(NAMES.length),
  amount: fc.bigInt({ min: 1n, max: 1_000n }),
  which: fc.nat(100),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A move of one or two postings is refused whole where a floor is in the way of one. */
const batches = fc.array(
  fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 8 }),
  { minLength: 1, maxLength: 6 },
);

function postingOf(run: string, what: Step, open: { id: string }[]): NewPosting[] {
  const accounts = [
    { id: `${run}-world`, normal: 'debit' } as const,
    ...NAMES.map((name) => floored(`${run}-${name}`)),
  ];
  const [from, to] = [accounts[what.from], accounts[what.to]];
  if (what.do === 'post' || what.do === 'void') {
    const held = open[what.which % (open.length || 1)];
    return held ? [end(what.do, held)] : [];
  }
  if (!from || !to || from === to) return [];
  const posting = transfer(from, to, what.amount, { kind: what.do });
  if (posting.kind === 'pending') open.push(posting);
  return [posting];
}

async function linesOf(run: string): Promise<Line[]> {
  return ledger.db.query<Line>(sql`
    select debit_account, credit_account, kind, amount, created_at from postings
    where book = 0 and starts_with(debit_account, ${`${run}-`}) order by position`);
}

let runs = 0;

test('balances are what the postings add up to in their order, now and at any moment', async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(1_000), async (all, moment) => {
      runs += 1;
      const run = `run${runs}`;
      const open: { id: string }[] = [];
      for (const batch of all) {
        const moves = batch
          .map((steps) => steps.flatMap((what) => postingOf(run, what, open)))
          .filter((postings) => postings.length > 0);
        const told = await Promise.allSettled(moves.map((each) => ledger.submit(move(each))));
        for (const each of told) kinds.add('value' in each ? each.value.kind : 'rejected');
      }
      const lines = await linesOf(run);
      const at = lines[moment % (lines.length || 1)]?.created_at ?? new Date();
      const then = lines.filter(({ created_at }) => created_at <= at);
      for (const name of ['world', ...NAMES]) {
        const id = `${run}-${name}`;
        const normal = name === 'world' ? 'debit' : 'credit';
        const now = await ledger.balance(0, id);
        const before = await ledger.balance(0, id, at);
        const none = fold([], id, normal);
        expect(now ?? none).toEqual(fold(lines, id, normal));
        expect(before ?? none).toEqual(fold(then, id, normal));
      }
    }),
    { numRuns: RUNS },
  );
  // Else it said nothing of them.
  expect([...kinds]).toEqual(expect.arrayContaining(['committed', 'refused']));
});
