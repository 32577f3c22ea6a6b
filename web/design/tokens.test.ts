import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

/** WCAG 2.2: 4.5:1 for text, 3:1 for the borders of controls and the focus ring. */
const TEXT = 4.5;
const CONTROL = 3;

const css = readFileSync(join(packageRoot(), 'web/assets/tokens.css'), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');

function colours(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [
      name,
      hex,
    ]),
  );
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const PAIRS = [
  ['ink', 'paper', TEXT],
  ['ink', 'sheet', TEXT],
  ['ink', 'sunk', TEXT],
  ['ink', 'gate-wash', TEXT],
  ['ink', 'bad-wash', TEXT],
  ['ink', 'good-wash', TEXT],
  ['ink-soft', 'paper', TEXT],
  ['ink-soft', 'sheet', TEXT],
  ['ink-soft', 'sunk', TEXT],
  ['gate', 'paper', TEXT],
  ['gate', 'sheet', TEXT],
  ['gate', 'gate-wash', TEXT],
  ['gate-ink', 'gate', TEXT],
  ['gate-ink', 'gate-hover', TEXT],
  ['wechat-deep', 'wechat-wash', TEXT],
  ['alipay-deep', 'alipay-wash', TEXT],
  ['union-deep', 'union-wash', TEXT],
  ['douyin-deep', 'douyin-wash', TEXT],
  ['line-strong', 'sheet', CONTROL],
  ['line-strong', 'paper', CONTROL],
  ['code-ink', 'code-ground', 7],
] as const;

describe.each([
  ['light', colours(light)],
  ['dark', new Map([...colours(light), ...colours(dark)])],
])('in the %s theme', (_theme, tokens) => {
  test.each(PAIRS)('%s can be read on %s', (front, ground, least) => {
    const [a, b] = [tokens.get(front) ?? '', tokens.get(ground) ?? ''];
    expect(contrast(a, b)).toBeGreaterThanOrEqual(least);
  });
});

test('black on white is 21:1, so the measure measures', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#777777')).toBe(1);
});
