import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decidePayout,
  isOpen,
  PAYOUT_STATES,
  type PayoutReport,
  type PayoutState,
} from './payout.ts';

const REPORTS = [
  'pending',
  'needs_payee',
  'succeeded',
  'refused',
  'cancelled',
  'returned',
] as const;

function payout(state: PayoutState) {
  return { kind: 'transfer', state, amount: 900n, sub_merchant: null } as const;
}

function report(state: PayoutReport['state'], over: Partial<PayoutReport> = {}): PayoutReport {
  return { kind: 'transfer', payout_reference: 'X', state, amount: 900n, ...over };
}

test('a report that does not fit changes nothing', () => {
  for (const state of REPORTS) {
    for (const over of [{ amount: 899n }, { kind: 'withdrawal' }, { sub_merchant: 'S' }] as const) {
      expect(decidePayout(payout('pending'), report(state, over), 'query').kind).toBe('refuse');
    }
  }
});

const by = fc.constantFrom('notification', 'query', 'person');

test('in any order of reports the money is taken at most once, and once freed never freed again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...REPORTS), by), { maxLength: 12 }), (told) => {
      let state: PayoutState = 'created';
      let reserved = 900n;
      let paid = 0n;
      for (const [word, source] of told) {
        const decision = decidePayout(payout(state), report(word), source);
        if (decision.kind === 'wait') state = decision.state;
        if (decision.kind === 'pay') {
          if (!decision.again) reserved -= 900n;
          paid += 900n;
          state = 'succeeded';
        }
        if (decision.kind === 'free') {
          reserved -= 900n;
          state = decision.state;
        }
        if (decision.kind === 'give_back') {
          paid -= 900n;
          state = 'returned';
        }
        expect(reserved).toBe(isOpen({ state }) ? 900n : 0n);
        expect(paid).toBe(state === 'succeeded' ? 900n : 0n);
      }
    }),
  );
});

test('every state hears every report without a gap', () => {
  for (const state of PAYOUT_STATES) {
    for (const word of REPORTS) {
      expect(decidePayout(payout(state), report(word), 'query').kind).toBeTruthy();
    }
  }
});

test('that it did not come back is not believed of a late notification, but of a person', () => {
  const told = report('succeeded');
  expect(decidePayout(payout('returned'), told, 'notification').kind).toBe('ignore');
  expect(decidePayout(payout('returned'), told, 'person')).toEqual({ kind: 'pay', again: true });
});
