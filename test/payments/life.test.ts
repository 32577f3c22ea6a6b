import { beforeAll, describe, expect, test } from 'vitest';
import { createAttempt } from '../../src/attempts/create.ts';
import { findAttempts } from '../../src/attempts/find.ts';
import { changePayment, NOTHING } from '../../src/payments/changes.ts';
import { requestClose } from '../../src/payments/close.ts';
import type { Attempt } from '../../src/payments/payment.ts';
import { timelineOf } from '../../src/payments/timeline.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';

let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
});

function qrOf(attempt: Attempt): string {
  if (attempt.presentation_data?.kind !== 'qr')
    throw new Error(`no code: ${JSON.stringify(attempt.refusal)}`);
  return attempt.presentation_data.qr;
}

async function begin(wallet: WalletName, payment: Awaited<ReturnType<MoneyRig['create']>>) {
  return createAttempt(rig.app, { payment, wallet, presentation: 'qr', client_ip: '127.0.0.1' });
}

describe.each(WALLETS)('a payment by %s', (wallet) => {
  test('is created, shown, paid, notified, booked', async () => {
    const payment = await rig.create({ amount: 8_800n });
    const attempt = await begin(wallet, payment);
    expect(attempt.state).toBe('presented');
    await rig.payAt(wallet, qrOf(attempt));
    const paid = await rig.until(
      () => rig.reload(payment),
      (p) => p.state === 'succeeded',
    );
    expect(paid).toMatchObject({ wallet, succeeded_attempt_id: attempt.id });
    const kinds = new Set((await timelineOf(rig.app, paid)).map((entry) => entry.kind));
    expect([...kinds].sort()).toEqual(['event', 'notification', 'posting', 'step', 'wallet_call']);
    expect(await rig.expectBooksEqual()).toEqual([]);
  });

  test('choosing the other wallet closes the first attempt at its wallet', async () => {
    const payment = await rig.create();
    const first = await begin(wallet, payment);
    const other = WALLETS.find((name) => name !== wallet);
    if (!other) throw new Error('two wallets are needed');
    const second = await begin(other, payment);
    const attempts = await findAttempts(rig.app, payment);
    // Alipay has no trade before the scan and UnionPay no close: what was begun there is abandoned.
    expect(attempts.find((a) => a.id === first.id)?.state).toBe(
      wallet === 'wechat_pay' || wallet === 'douyin_pay' ? 'closed' : 'abandoned',
    );
    await rig.payAt(other, qrOf(second));
    await rig.until(
      () => rig.reload(payment),
      (p) => p.state === 'succeeded',
    );
    expect(await rig.expectBooksEqual()).toEqual([]);
  });

  test('partial refunds together give back exactly what was paid, and no more', async () => {
    const payment = await rig.create({ amount: 1_000n });
    await rig.payAt(wallet, qrOf(await begin(wallet, payment)));
    await rig.until(
      () => rig.reload(payment),
      (p) => p.state === 'succeeded',
    );
    const ask = (reference: string, amount: bigint) =>
      createRefund(rig.app, {
        payment,
        amount,
        reference,
        reason: 'changed my mind',
        metadata: {},
      });
    const results = await Promise.allSettled([
      ask('r1', 400n),
      ask('r2', 400n),
      ask('r3', 400n),
      ask('r4', 400n),
    ]);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
    await ask('r5', 200n);
    await rig.until(
      () => rig.reload(payment),
      (p) => p.refunded === 1_000n,
    );
    await expect(ask('r6', 1n)).rejects.toMatchObject({ code: 'amount_exceeds_refundable' });
    expect(await rig.expectBooksEqual()).toEqual([]);
  });

  test('money that arrives after the close goes back by itself', async () => {
    const payment = await rig.create({ amount: 555n });
    const attempt = await begin(wallet, payment);
    rig.faults[wallet].set([
      { fault: 'notification_lost', probability: 1 },
      { fault: 'error_before_effect', probability: 1 },
    ]);
    await rig.payAt(wallet, qrOf(attempt));
    await rig.app.db.pool.query(
      "update attempts set state = 'closed', version = version + 1, next_query_at = null where id = $1",
      [attempt.id],
    );
    rig.faults[wallet].set([]);
    await requestClose(rig.app, payment, 'cancelled');
    expect((await rig.reload(payment)).state).toBe('closed');
    await rig.app.db.pool.query(
      "update attempts set state = 'abandoned', version = version + 1, next_query_at = now() where id = $1",
      [attempt.id],
    );
    await rig.until(
      async () => rig.sandboxes[wallet].transactions({ limit: 1000 }),
      (lines) =>
        lines.some(
          (line) => line.wallet_reference === attempt.wallet_reference && line.state === 'refunded',
        ),
    );
    const after = await rig.reload(payment);
    expect(after).toMatchObject({ state: 'closed', succeeded_attempt_id: null });
    await rig.until(rig.expectBooksEqual, (found) => found.length === 0);
  });
});

test('a close that its process could not end is ended by another', async () => {
  const payment = await rig.create();
  // As a process leaves it that died between the two moves of a close.
  await rig.app.ledger.submit({
    book: payment.book,
    ...NOTHING,
    rows: [changePayment(payment, { closing: true, close_reason: 'cancelled' })],
  });
  const closed = await rig.until(
    () => rig.reload(payment),
    (p) => p.state === 'closed',
  );
  expect(closed.close_reason).toBe('cancelled');
  expect(await rig.expectBooksEqual()).toEqual([]);
});
