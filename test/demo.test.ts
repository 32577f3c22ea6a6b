import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ended, runHutong } from './support/command.ts';
import { type RunningHutong, startHutong } from './support/processes.ts';

/** The demos, as a newcomer runs them beside `npm start`. */
let hutong: RunningHutong;

beforeAll(async () => {
  hutong = await startHutong({ env: { HUTONG_LOG_LEVEL: 'fatal' } });
});

afterAll(async () => {
  await hutong?.stop();
});

const demo = (...options: string[]): Promise<Ended> =>
  runHutong(['demo', ...options], { HUTONG_DATA_DIR: hutong.data_dir });

/** Fen in a line of the demo, by what the line begins with. */
function amountOf(text: string, line: RegExp): number {
  const [, sign = '', yuan = ''] =
    new RegExp(`${line.source}.*?(-?)¥(\\d+\\.\\d\\d)`).exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * Math.round(Number(yuan) * 100);
}

test("a marketplace's day ends with equal books, and so do orders after it", async () => {
  const { out, err, code } = await demo('--market');
  expect(err).toBe('');
  expect(out).toMatch(/at the market: all well\n$/);
  expect(code).toBe(0);
  const [turnover, refunds, fees, commission, net] = [
    /turnover/,
    /refunds/,
    /wallet's fees/,
    /commission {2}/,
    /net {4}/,
  ].map((line) => amountOf(out, line));
  expect([turnover, refunds, commission]).toEqual([20_000, -5_000, -750]);
  expect(net).toBe(20_000 - 5_000 - 750 + (fees ?? 0));
  expect(amountOf(out, /payout {5}/)).toBe(net);
  const orders = await demo();
  expect(orders.out).toMatch(/less payouts of ¥\d+\.\d\d: equal\n/);
  expect(orders.out).toMatch(/\d+ orders, all well\n$/);
  expect(orders.code).toBe(0);
});

test('says to run npm start where nothing was started', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'hutong-nothing-'));
  const { err, code } = await runHutong(['demo', '--market'], { HUTONG_DATA_DIR: empty });
  rmSync(empty, { recursive: true });
  expect(err).toContain('run "npm start" first');
  expect(code).toBe(1);
});
