import { beforeAll, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { openDispute, resolveDispute } from '../../src/escrow/dispute.ts';
import { isClosed } from '../../src/escrow/hold.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { sha256 } from '../../src/ids.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { findSplitOrders } from '../../src/profit-sharing/find.ts';
import { wholeShares } from '../../src/profit-sharing/plan.ts';
import { portionsOf } from '../../src/profit-sharing/portions.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { findRefunds } from '../../src/refunds/find.ts';
import { sandboxRandom } from '../../src/sandbox/random.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import {
  escrow,
  HOLDERS,
  heldAtWallet,
  holdOf,
  MINUTE_MS,
  openMarket,
  paid,
  refunded,
  share,
} from './market-rig.ts';

/**
 * Whatever is done to held money, in any order and with answers lost: in the end the hub, its
 * ledger and the wallet agree, and every receiver has exactly its portion of what was let go.
 */
const ROUNDS = process.env['HUTONG_TEST_FULL'] === '1' ? 25 : 2;
const STEPS = 6;
const SEED = Number(process.env['HUTONG_MARKET_SEED'] ?? 20_261_121);

let rig: MoneyRig;
let receivers: Share['receiver'][];

beforeAll(async () => {
  const market = await openMarket();
  rig = market.rig;
  receivers = [market.receiver];
});

const random = sandboxRandom(SEED);
const below = (limit: number) => random.integer(limit);

/** Acts that a state does not allow are refused, and that is all. */
async function tried(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

async function step(payment: Payment, nth: number): Promise<void> {
  const hold = await holdOf(rig, payment);
  const amount = 1n + BigInt(below(4_000));
  const key = {
    key_hash: sha256(`${payment.id} ${nth}`),
    body_digest: '',
    lease_until: new Date(Date.now() + 5_000),
  };
  switch (below(8)) {
    case 0:
      return tried(() => releaseHold(rig.app, { hold, why: 'platform' }));
    case 1:
    case 2:
      return tried(() => releaseHold(rig.app, { hold, why: 'platform', amount }));
    case 3:
    case 4:
    case 5:
      return tried(() =>
        createRefund(rig.app, {
          payment,
          amount,
          reference: `act-${nth}`,
          reason: 'broken',
          metadata: {},
        }),
      );
    case 6:
      return tried(() => openDispute(rig.app, hold, 'broken'));
    default: {
      const outcome = below(2) === 0 ? 'release' : 'return';
      return tried(() => resolveDispute(rig.app, hold, { outcome, key }));
    }
  }
}

async function settled(payment: Payment): Promise<void> {
  await rig.until(
    async () => [
      ...(await findSplitOrders(rig.app, payment)).map(({ state }) => state),
      ...(await findRefunds(rig.app, payment)).map(({ state }) => state),
    ],
    (states) => states.every((state) => ['finished', 'succeeded', 'refused'].includes(state)),
  );
}

async function refundedToTheLast(payment: Payment, left: bigint): Promise<void> {
  const { refund_reserved } = await rig.reload(payment);
  expect(refund_reserved).toBe(payment.amount - left);
  if (left > 0n) await refunded(rig, payment, left);
}

/** What the receiver has of this payment, from the requests that the wallet finished. */
async function got(payment: Payment): Promise<bigint> {
  let sum = 0n;
  for (const { kind, state, parts } of await findSplitOrders(rig.app, payment)) {
    if (state !== 'finished') continue;
    for (const part of parts) {
      if (part.receiver === null || part.state !== 'succeeded') continue;
      sum += kind === 'return' ? -part.amount : part.amount;
    }
  }
  return sum;
}

test.each(HOLDERS)('any order of acts at %s ends as the wallet has it', async (wallet) => {
  const payments: Payment[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const amount = 5_000n + BigInt(below(5_000));
    const terms = escrow(20, [share(receivers[0]!, (amount * BigInt(below(30))) / 100n)]);
    payments.push(await paid(rig, wallet, { amount, terms }));
  }
  await rig.clock.advance(MINUTE_MS);
  rig.faults[wallet].set([
    { fault: 'error_after_effect', probability: 0.15 },
    { fault: 'error_before_effect', probability: 0.1 },
  ]);
  for (let nth = 0; nth < STEPS; nth += 1) {
    await Promise.all(payments.map((payment) => step(payment, nth)));
  }
  rig.faults[wallet].set([]);
  for (const payment of payments) {
    const seen = `seed ${SEED}, payment ${payment.id}`;
    await settled(payment);
    const hold = await holdOf(rig, payment);
    if (isClosed(hold)) expect(await heldAtWallet(rig, payment), seen).toBe(0n);
    const back = (await rig.reload(payment)).refunded;
    const kept = hold.released + hold.shared - (back - hold.returned);
    const [, ...portions] = portionsOf(wholeShares(payment), kept);
    expect(await got(payment), seen).toBe(portions[0]);
    // And when all of it is refunded at last, nobody has anything.
    await refundedToTheLast(payment, payment.amount - back);
    expect(await got(payment), seen).toBe(0n);
    expect(isClosed(await holdOf(rig, payment)), seen).toBe(true);
  }
  expect(await rig.expectBooksEqual(), `seed ${SEED}`).toEqual([]);
});
