import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { act } from '../../../sandbox/wechat-pay/merchants/testing.ts';
import { pay } from '../../../sandbox/wechat-pay/testing.ts';
import { openTrustBench, type TrustBench } from './testing.ts';

/**
 * A whole switch while shops sell: certificates change again and again, and notices move from the
 * certificate to the public key. Nobody may notice.
 */
const PAYMENTS = process.env.HUTONG_TEST_FULL === '1' ? 3_000 : 120;
const AT_ONCE = 12;
const RAMP = [0, 0.1, 1, 5, 10, 20, 50, 100];

let on: TrustBench;

beforeAll(async () => {
  on = await openTrustBench({ timeout_ms: 10_000 });
});
afterAll(() => on.stop());

/** A hub: takes a notice only when it verifies, and counts what it took and refused. */
async function openHub() {
  const paid = new Map<string, number>();
  const refused: string[] = [];
  const signers = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const received_at = new Date(Date.now() + on.time.ahead_ms);
      const raw = { headers, body: Buffer.concat(chunks), received_at };
      const role = request.url === '/notify/certificate' ? 'certificate' : 'direct';
      void on.wallet.verifyNotification(on.account(role), raw).then((verdict) => {
        if (verdict.kind === 'verified' && verdict.content.about === 'payment') {
          const { wallet_reference } = verdict.content.fact;
          paid.set(wallet_reference, (paid.get(wallet_reference) ?? 0) + 1);
          signers.add(String(headers['wechatpay-serial']));
        } else refused.push(verdict.kind === 'refused' ? verdict.message : 'another notice');
        response.writeHead(verdict.kind === 'verified' ? 204 : 401).end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/notify`,
    paid,
    refused,
    signers,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

test('no payment fails while certificates rotate and the ramp goes from 0 to 100 %', async () => {
  const hub = await openHub();
  const failures: string[] = [];
  const made: string[] = [];
  let started = 0;
  /** Shops sell on while keys change, at most a step ahead of them. */
  let allowed = PAYMENTS / RAMP.length;

  /** Notices may make one download a minute: no wallet rotates oftener. */
  async function rotate(signs: 'now' | 'later'): Promise<void> {
    on.time.ahead_ms += 61_000;
    on.running.clock.real_offset_ms = on.time.ahead_ms;
    await act(on.running, 'certificates/rotate', { signs });
  }

  /** The switch goes on by what has been sold, not by the clock. */
  async function turnKeys(): Promise<void> {
    for (const [step, percent] of RAMP.entries()) {
      allowed = ((step + 2) * PAYMENTS) / RAMP.length;
      await on.trust('direct', 'both', percent);
      await rotate('later');
      await rotate('now');
      const wanted = ((step + 1) * PAYMENTS) / RAMP.length;
      await expect.poll(() => started, { timeout: 120_000 }).toBeGreaterThanOrEqual(wanted);
    }
  }

  async function sell(): Promise<void> {
    while (started < PAYMENTS) {
      if (started >= allowed) {
        await setTimeout(5);
        continue;
      }
      started += 1;
      const role = started % 3 === 0 ? 'certificate' : 'direct';
      const account = on.account(role);
      // Small: one payer's purse pays for all of them.
      const order = on.order({ notify_url: `${hub.url}/${role}`, amount: 1n });
      try {
        await pay(on.running, await on.presented(account, order));
        const known = await on.wallet.queryPayment(account, order.wallet_reference);
        if (known.kind !== 'fact' || known.fact.state !== 'paid') throw new Error(known.kind);
        made.push(order.wallet_reference);
      } catch (error) {
        failures.push(String(error));
      }
    }
  }

  await Promise.all([turnKeys(), ...Array.from({ length: AT_ONCE }, sell)]);
  await expect.poll(() => on.running.sandbox.pendingNotifications(), { timeout: 30_000 }).toBe(0);
  expect(failures).toEqual([]);
  expect(hub.refused).toEqual([]);
  expect(made).toHaveLength(PAYMENTS);
  expect(made.every((reference) => hub.paid.get(reference) === 1)).toBe(true);
  // Certificates of several rotations and the public key have all been met.
  expect(hub.signers.size).toBeGreaterThan(3);
  expect([...hub.signers].some((serial) => serial.startsWith('PUB_KEY_ID_'))).toBe(true);
  await hub.stop();
});
