import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createClient, type Hold, type Hutong, type Payment } from '../../src/client/client.ts';
import { type HubRig, startHubRig } from '../security/hub-rig.ts';
import { newAttempt, openShop, payOnPhone, type Shop, until } from '../security/shop.ts';

/** Escrow and shares as a marketplace meets them, over HTTP with the typed client. */
let rig: HubRig;
let shop: Shop;
let hutong: Hutong;
let receiver: string;

beforeAll(async () => {
  rig = await startHubRig();
  shop = await openShop(rig);
  hutong = createClient({ base_url: rig.url, api_key: shop.key });
  const account = (wallet: 'wechat_pay' | 'alipay', role: string, field: string) => {
    const found = rig
      .sandbox(wallet)
      .accounts()
      .find((each) => each.role === role);
    return String(found?.settings[field]);
  };
  const made = await hutong.receivers.create({
    name: 'Hutong Services',
    kind: 'merchant',
    accounts: {
      wechat_pay: { account: account('wechat_pay', 'partner', 'mchid'), name: '胡同服务商' },
      alipay: { account: account('alipay', 'certificate', 'seller_id'), name: '胡同书店' },
    },
  });
  receiver = made.id;
});

async function order(wallet: 'wechat_pay' | 'alipay', over: object = {}): Promise<Payment> {
  const reference = randomUUID();
  const payment = await hutong.payments.create(
    {
      merchant: shop.merchant,
      amount: 20_000,
      currency: 'CNY',
      description: 'Teapot',
      order: { reference },
      capture: 'escrow',
      splits: [{ receiver, role: 'platform', percent: '2.5', min: 100, description: 'commission' }],
      ...over,
    },
    { idempotency_key: reference },
  );
  await payOnPhone(rig, await newAttempt(rig, shop, { payment: payment.id, wallet }));
  return until(
    () => hutong.payments.get(payment.id),
    ({ state }) => state === 'succeeded',
  );
}

function holdOnce(payment: Payment, done: (hold: Hold) => boolean): Promise<Hold> {
  return until(() => hutong.holds.get(payment.hold ?? ''), done);
}

async function minutePasses(): Promise<void> {
  await rig.app.db.pool.query('update installation set clock_offset_ms = clock_offset_ms + 61000');
  await until(
    async () => rig.app.clock.now().getTime() - Date.now(),
    (ahead) => ahead > 60_000,
  );
}

describe('an escrow order', () => {
  test('is held, shipped, confirmed once, shared, and told of', async () => {
    const payment = await order('wechat_pay');
    expect(payment).toMatchObject({
      capture: 'escrow',
      release_after_days: 10,
      splits: [{ receiver, role: 'platform', amount: 500 }],
    });
    const shipped = await hutong.holds.ship(payment.id, {
      shipment: { carrier: 'SF', number: 'SF1234567890' },
    });
    expect(shipped).toMatchObject({ state: 'held', held_amount: 20_000 });
    await minutePasses();
    const key = { idempotency_key: `receipt-${payment.id}` };
    const copies = await Promise.allSettled([
      hutong.holds.confirmReceipt(payment.id, key),
      hutong.holds.confirmReceipt(payment.id, key),
    ]);
    expect(copies.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    const released = await holdOnce(payment, ({ state }) => state === 'released');
    expect(released).toMatchObject({ shared_amount: 500, released_amount: 19_500 });
    expect(await hutong.holds.splits(released.id)).toMatchObject([
      { kind: 'split', state: 'finished', parts: [{ receiver, amount: 500, state: 'succeeded' }] },
    ]);
    const told = await rig.rows(
      'select type from events where payment_id = $1 and public order by id',
      [payment.id],
    );
    expect(told.map(({ type }) => type)).toEqual([
      'payment.succeeded',
      'hold.created',
      'hold.shipped',
      'split.finished',
      'hold.released',
    ]);
  });

  test('a confirmation within the wallet’s first minute waits for that minute', async () => {
    const payment = await order('alipay');
    const key = { idempotency_key: `receipt-${payment.id}` };
    const early = await hutong.holds.confirmReceipt(payment.id, key);
    expect(early.state).toBe('held');
    expect(early.release_at).toBe(early.releasable_at);
    await minutePasses();
    await holdOnce(payment, ({ state }) => state === 'released');
  });

  test('in dispute releases nothing, and is returned in part', async () => {
    const payment = await order('alipay');
    const opening = { idempotency_key: randomUUID() };
    const reason = 'broken on arrival';
    for (let copy = 0; copy < 2; copy += 1) {
      await hutong.holds.dispute(payment.id, { reason }, opening);
    }
    const now = { idempotency_key: randomUUID() };
    await expect(hutong.holds.release(payment.id, {}, now)).rejects.toMatchObject({
      code: 'hold_disputed',
    });
    const page = await hutong.holds.list({ disputed: 'true' });
    expect(page.data.map(({ payment: id }) => id)).toEqual([payment.id]);
    const resolution = { outcome: 'return', amount: 5_000 } as const;
    const key = { idempotency_key: `dispute-${payment.id}` };
    for (let copy = 0; copy < 2; copy += 1) {
      await hutong.holds.resolveDispute(payment.id, resolution, key);
    }
    const hold = await holdOnce(payment, ({ returned_amount }) => returned_amount > 0);
    expect(hold).toMatchObject({ disputed_at: null, returned_amount: 5_000, state: 'held' });
    // Said once more it freezes nothing again.
    const again = await hutong.holds.dispute(payment.id, { reason }, opening);
    expect(again.disputed_at).toBeNull();
    await expect(
      hutong.holds.dispute(payment.id, { reason: 'another' }, opening),
    ).rejects.toMatchObject({ code: 'idempotency_conflict' });
    expect((await hutong.payments.get(payment.id)).refunded_amount).toBe(5_000);
  });

  test('is offered by wallets that can hold money only, with the reason of the others', async () => {
    const reference = randomUUID();
    const { id } = await hutong.payments.create(
      {
        merchant: shop.merchant,
        amount: 500,
        currency: 'CNY',
        description: 'Cup',
        order: { reference },
        capture: 'escrow',
      },
      { idempotency_key: reference },
    );
    const choices = await hutong.payments.wallets(id);
    expect(Object.fromEntries(choices.map(({ wallet, reason }) => [wallet, reason]))).toEqual({
      wechat_pay: null,
      alipay: null,
      union_pay: 'no_holds',
      douyin_pay: 'no_holds',
    });
  });
});

describe('terms that make no sense are refused before anybody pays', () => {
  const asked = (over: object) =>
    rig.call('POST', '/v1/payments', {
      key: shop.key,
      idempotency: randomUUID(),
      body: {
        merchant: shop.merchant,
        amount: 1_000,
        currency: 'CNY',
        description: 'Cup',
        order: { reference: randomUUID() },
        ...over,
      },
    });
  const split = (over: object) => ({ splits: [{ receiver, role: 'referrer', ...over }] });

  test.each([
    ['days without escrow', { release_after_days: 3 }, 400],
    ['longer than any wallet holds', { capture: 'escrow', release_after_days: 100 }, 422],
    ['neither amount nor percent', () => split({}), 400],
    ['both amount and percent', () => split({ amount: 1, percent: '1' }), 400],
    ['a percent above a hundred', () => split({ percent: '101' }), 400],
    ['a minimum above the maximum', () => split({ percent: '1', min: 5, max: 2 }), 400],
    ['more than there is', () => split({ amount: 1_001 }), 400],
    ['more than the wallets allow', () => split({ percent: '30.1' }), 422],
    ['a stranger’s receiver', { splits: [{ receiver: 'rcv_x', role: 'referrer' }] }, 400],
  ])('%s', async (_name, over, status) => {
    const answer = await asked(typeof over === 'function' ? over() : over);
    expect(answer.status, answer.text).toBe(status);
  });

  test('a receiver twice', async () => {
    const line = { receiver, role: 'referrer', amount: 1 };
    expect((await asked({ splits: [line, line] })).status).toBe(400);
  });
});
