import { beforeAll, describe, expect, test } from 'vitest';
import { createAttempt } from '../../src/attempts/create.ts';
import { sql } from '../../src/db/pool.ts';
import { requestClose } from '../../src/payments/close.ts';
import { timelineOf } from '../../src/payments/timeline.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';

const BOOK = 7;
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig({}, { book: BOOK });
});

/** Row-level security shows the hub's connections one book; what reached for another would fail. */
describe('the money path stays within one book', () => {
  test.each(WALLETS)('a payment by %s is paid, told, refunded and booked', async (wallet) => {
    const payment = await rig.create({ amount: 900n });
    expect(payment.book).toBe(BOOK);
    const attempt = await createAttempt(rig.app, {
      payment,
      wallet,
      presentation: 'qr',
      client_ip: '127.0.0.1',
    });
    if (attempt.presentation_data?.kind !== 'qr') throw new Error('no code');
    await rig.payAt(wallet, attempt.presentation_data.qr);
    await rig.until(
      () => rig.reload(payment),
      (now) => now.state === 'succeeded',
    );
    await createRefund(rig.app, {
      payment,
      amount: 900n,
      reference: 'all',
      reason: 'all',
      metadata: {},
    });
    const back = await rig.until(
      () => rig.reload(payment),
      (now) => now.refunded === 900n,
    );
    expect((await timelineOf(rig.app, back)).length).toBeGreaterThan(10);
    await rig.until(rig.expectBooksEqual, (found) => found.length === 0);
  });

  test('a payment expires by the clock and is closed at its wallet', async () => {
    const payment = await rig.create({ expires_in_ms: 3_600_000 });
    await createAttempt(rig.app, {
      payment,
      wallet: 'wechat_pay',
      presentation: 'qr',
      client_ip: '127.0.0.1',
    });
    await rig.clock.advance(3_700_000);
    const closed = await rig.until(
      () => rig.reload(payment),
      (now) => now.state === 'closed',
    );
    expect(closed.close_reason).toBe('expired');
    await expect(requestClose(rig.app, payment, 'cancelled')).resolves.toMatchObject({
      state: 'closed',
    });
  });

  test('the connections really see one book only', async () => {
    await expect(
      rig.app.db.query(sql`insert into breaks (book, id, wallet_account_id, kind, detail, subject)
        values (0, 'brk_x', 'wac_x', 'test', '{}', 'x')`),
    ).rejects.toThrow(/row-level security/);
  });
});
