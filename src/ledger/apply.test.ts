import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccountState, applyMove, type BatchState, balanceOf, type Verdict } from './apply.ts';
import type { AccountSpec, Move, NewPosting, RowKind } from './ledger.ts';

const ROW: RowKind = { table: 'things', columns: {} };
const AT = new Date('2026-11-21T00:00:00Z');

function account(id: string, over: Partial<AccountState> = {}): AccountState {
  return {
    id,
    normal: 'credit',
    floor: null,
    cap: null,
    entries: 0n,
    debits_pending: 0n,
    debits_posted: 0n,
    credits_pending: 0n,
    credits_posted: 0n,
    ...over,
  };
}

function state(...accounts: AccountState[]): BatchState {
  return {
    now: AT,
    accounts: new Map(accounts.map((entry) => [entry.id, entry])),
    versions: new Map(),
    reservations: new Map(),
  };
}

function move(postings: readonly NewPosting[], rows: Move['rows'] = []): Move {
  return { book: 0, rows, postings, events: [], jobs: [] };
}

function applyBatch(books: BatchState, moves: readonly Move[]): Verdict[] {
  return moves.map((entry) => applyMove(books, entry));
}

let serial = 0;
function posting(
  debit: string,
  credit: string,
  amount: bigint,
  over: { kind?: 'posted' | 'pending'; fact?: boolean } = {},
): NewPosting {
  serial += 1;
  const spec = (id: string): AccountSpec => ({ id, normal: 'credit' });
  return {
    kind: over.kind ?? 'posted',
    id: `pst_${serial}`,
    debit: spec(debit),
    credit: spec(credit),
    amount,
    currency: 'CNY',
    reason: 'test',
    business_at: AT,
    ...(over.fact === undefined ? {} : { fact: over.fact }),
  };
}

describe('the ledger rules', () => {
  test('an intent never takes an account below its floor', () => {
    const books = state(account('a', { credits_posted: 100n, floor: 0n }), account('b'));
    const verdicts = applyBatch(books, [
      move([posting('a', 'b', 60n)]),
      move([posting('a', 'b', 60n)]),
    ]);
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['commits', 'refused']);
    expect(books.accounts.get('a')?.debits_posted).toBe(60n);
  });

  test('a wallet’s fact is posted even below the floor', () => {
    const books = state(account('a', { floor: 0n }), account('b'));
    const [verdict] = applyBatch(books, [move([posting('a', 'b', 5n, { fact: true })])]);
    expect(verdict?.kind).toBe('commits');
  });

  test('pending credits give no spending power, pending debits take it', () => {
    const books = state(
      account('a', { credits_posted: 10n, floor: 0n }),
      account('b', { floor: 0n }),
    );
    const verdicts = applyBatch(books, [
      move([posting('a', 'b', 10n, { kind: 'pending' })]),
      move([posting('a', 'b', 1n)]),
      move([posting('b', 'a', 1n)]),
    ]);
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['commits', 'refused', 'refused']);
  });

  test('a refused move leaves no trace on any account', () => {
    const books = state(
      account('a', { floor: 0n, credits_posted: 5n }),
      account('b'),
      account('c'),
    );
    applyBatch(books, [move([posting('a', 'b', 5n), posting('a', 'c', 1n)])]);
    expect(books.accounts.get('a')).toEqual(account('a', { floor: 0n, credits_posted: 5n }));
    expect(books.accounts.get('b')).toEqual(account('b'));
  });

  test('two moves that read the same version: the second is stale', () => {
    const books = state();
    books.versions.set('things/x', 3);
    const change = { op: 'update', kind: ROW, id: 'x', version: 3, values: {} } as const;
    const verdicts = applyBatch(books, [move([], [change]), move([], [change])]);
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['commits', 'stale']);
  });

  test('a reservation ends once', () => {
    const books = state(account('a'), account('b', { credits_pending: 7n }));
    const held = {
      id: 'pst_held',
      debit_account: 'a',
      credit_account: 'b',
      amount: 7n,
      currency: 'CNY' as const,
      reason: 'test',
      subject_id: null,
      expires_at: null,
      ended: false,
    };
    (books.reservations as Map<string, typeof held>).set(held.id, held);
    const end = (id: string): NewPosting => ({ kind: 'post', id, ends: held.id, business_at: AT });
    expect(applyBatch(books, [move([end('p1')])])[0]?.kind).toBe('commits');
    expect(applyBatch(books, [move([end('p2')])])[0]).toMatchObject({ reason: 'ended' });
  });

  test('whatever is posted, debits equal credits and no floor is broken', () => {
    const names = ['a', 'b', 'c', 'd'];
    const one = fc.record({
      from: fc.constantFrom(...names),
      to: fc.constantFrom(...names),
      amount: fc.bigInt({ min: 1n, max: 1_000n }),
      kind: fc.constantFrom('posted' as const, 'pending' as const),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (steps) => {
        const books = state(
          ...names.map((name) => account(name, { floor: 0n, credits_posted: 500n })),
          account('bank', { normal: 'debit', debits_posted: 2_000n }),
        );
        const moves = steps
          .filter((entry) => entry.from !== entry.to)
          .map((entry) =>
            move([posting(entry.from, entry.to, entry.amount, { kind: entry.kind })]),
          );
        applyBatch(books, moves);
        const all = [...books.accounts.values()];
        const sum = (pick: (entry: AccountState) => bigint) =>
          all.reduce((s, e) => s + pick(e), 0n);
        expect(sum((e) => e.debits_posted)).toBe(sum((e) => e.credits_posted));
        expect(sum((e) => e.debits_pending)).toBe(sum((e) => e.credits_pending));
        for (const name of names) {
          const entry = books.accounts.get(name);
          expect(entry && balanceOf(entry).available >= 0n).toBe(true);
        }
      }),
    );
  });
});
