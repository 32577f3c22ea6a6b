import { describe, expect, test } from 'vitest';
import { businessDate, parseDuration, shanghaiStamp, shanghaiTime } from './clock.ts';

describe('time', () => {
  test('business days begin at midnight in Shanghai', () => {
    expect(businessDate(new Date('2026-11-20T15:59:59Z'))).toBe('2026-11-20');
    expect(businessDate(new Date('2026-11-20T16:00:00Z'))).toBe('2026-11-21');
  });

  test('is written as the wallets write it', () => {
    const at = new Date('2026-11-21T04:05:06.789Z');
    expect(shanghaiTime(at)).toBe('2026-11-21T12:05:06+08:00');
    expect(shanghaiStamp(at)).toBe('2026-11-21 12:05:06');
  });

  test('durations are days to seconds', () => {
    expect(parseDuration('PT2H')).toBe(7_200_000);
    expect(parseDuration('P1DT1S')).toBe(86_401_000);
    for (const text of ['', 'P', 'PT', 'P1M', '2h', 'PT-1S']) {
      expect(parseDuration(text)).toBeUndefined();
    }
  });
});
