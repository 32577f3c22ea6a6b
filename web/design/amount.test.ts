import { expect, test } from 'vitest';
import { yuanText } from './amount.tsx';

test('an amount has ¥, grouped thousands and two decimals, whatever its size', () => {
  expect(yuanText(0n)).toBe('¥0.00');
  expect(yuanText(5n)).toBe('¥0.05');
  expect(yuanText(1_234n)).toBe('¥12.34');
  expect(yuanText(100_000n)).toBe('¥1,000.00');
  expect(yuanText(10_000_000_000n)).toBe('¥100,000,000.00');
  expect(yuanText(-6_800n)).toBe('−¥68.00');
});
