import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { seededRandom } from '../../src/sandbox/faults.ts';
import { buy } from '../crash/shoppers.ts';
import { familyOf, type RunningHutong, startHutong } from '../support/processes.ts';

const PAYMENTS = 1_000;
const AT_ONCE = 8;
/** Four wallets: hub and world some 130 MB each, PostgreSQL 110 with seventeen connections. */
const MOST_MB = 400;

let hutong: RunningHutong;

beforeAll(async () => {
  hutong = await startHutong();
});

afterAll(async () => {
  await hutong?.stop();
});

/** What the processes occupy, shared pages counted once: the proportional set size. */
function proportionalMb(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1_024;
}

describe('after a thousand payments', () => {
  test(`hub, sandboxes and PostgreSQL occupy less than ${MOST_MB} MB in all`, async () => {
    const { file } = hutong;
    const shop = file.platforms['taobao'];
    const client = createClient({ base_url: file.hub.url, api_key: shop?.secret_key ?? '' });
    const street = {
      client,
      merchant: file.merchants['taobao']?.id ?? '',
      phone_url: file.phone.url,
      random: seededRandom(1),
      think_ms: 0,
      step: () => {},
    };
    let next = 0;
    async function shopper(): Promise<void> {
      for (let index = next++; index < PAYMENTS; index = next++) await buy(street, index);
    }
    await Promise.all(Array.from({ length: AT_ONCE }, shopper));

    const pids = familyOf(hutong.world_pid);
    expect(pids).toContain(hutong.hubPid());
    expect(pids).toContain(hutong.postgresPid());
    const used = proportionalMb(pids);
    process.stdout.write(`after ${PAYMENTS} payments: ${used.toFixed(0)} MB\n`);
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThan(MOST_MB);
  });
});
