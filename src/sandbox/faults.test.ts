import { describe, expect, test } from 'vitest';
import { FAULT_GROUPS, FAULTS, FaultDial, SENTINELS } from './faults.ts';

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

  test('strikes an amount alone, whatever is paid beside it', () => {
    const dial = new FaultDial();
    dial.set([{ fault: 'payer_short', probability: 1, amount: 500n }]);
    expect(dial.strikes('payer_short', { amount: 500n })).toBeDefined();
    for (const occasion of [{ amount: 501n }, {}]) {
      expect(dial.strikes('payer_short', occasion)).toBeUndefined();
    }
  });
});

describe('amounts that mean a fault', () => {
  test('do so only while they are switched on, and by their last two digits', () => {
    const dial = new FaultDial();
    const late = { amount: 8_802n };
    expect(dial.strikes('notification_delayed', late)).toBeUndefined();
    dial.sentinels = true;
    expect(dial.strikes('notification_delayed', late)).toMatchObject({ delay_ms: 30_000 });
    expect(dial.strikes('notification_lost', late)).toBeUndefined();
    expect(dial.strikes('notification_delayed', { amount: 8_820n })).toBeUndefined();
    expect(dial.strikes('notification_delayed')).toBeUndefined();
  });

  test('are one a fault, and leave whole yuan alone', () => {
    const cents = Object.values(SENTINELS);
    expect(new Set(cents).size).toBe(cents.length);
    expect(cents.every((digits) => digits > 0n && digits < 100n)).toBe(true);
  });

  test('and a setting for the same place goes before them', () => {
    const dial = new FaultDial();
    dial.sentinels = true;
    dial.set([{ fault: 'notification_delayed', probability: 1, delay_ms: 5 }]);
    expect(dial.strikes('notification_delayed', { amount: 102n })?.delay_ms).toBe(5);
  });
});

test('every fault is in one section of the dial', () => {
  const grouped = Object.values(FAULT_GROUPS).flat();
  expect([...grouped].sort()).toEqual([...FAULTS].sort());
});
