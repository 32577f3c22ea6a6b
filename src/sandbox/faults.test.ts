import { describe, expect, test } from 'vitest';
import { FaultDial } from './faults.ts';

describe('the fault dial', () => {
  test('strikes as often as its seed says, and the same again', () => {
    const run = () => {
      const dial = new FaultDial();
      dial.set([{ fault: 'notification_lost', probability: 0.3 }], 42);
      return Array.from({ length: 500 }, () => dial.strikes('notification_lost') !== undefined);
    };
    const first = run();
    expect(run()).toEqual(first);
    const share = first.filter(Boolean).length / first.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
  });

  test('strikes a counted fault that many times, on its operation only', () => {
    const dial = new FaultDial();
    dial.set([{ fault: 'error_after_effect', probability: 1, remaining: 2, operation: 'refund' }]);
    expect(dial.strikes('error_after_effect', { operation: 'query' })).toBeUndefined();
    const strikes = [1, 2, 3].map(
      () => dial.strikes('error_after_effect', { operation: 'refund' }) !== undefined,
    );
    expect(strikes).toEqual([true, true, false]);
    dial.set([]);
    expect(dial.strikes('error_after_effect', { operation: 'refund' })).toBeUndefined();
  });
});
