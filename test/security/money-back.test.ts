import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { LAWS } from '../../src/laws/every.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { type HubRig, objectIn, startHubRig } from './hub-rig.ts';
import { send } from './notify.ts';
import {
  idOf,
  newAttempt,
  newPayment,
  openShop,
  payOnPhone,
  readPayment,
  type Shop,
  type ShopAttempt,
  timeline,
  until,
} from './shop.ts';
import { voices } from './wallet-voice.ts';

/** Money that comes late or twice goes back by itself, and the shop is told once. */
const PAYER = 'lin-xia';
const AMOUNT = 4_200;
let rig: HubRig;
let shop: Shop;
const received: Record<string, unknown>[] = [];

beforeAll(async () => {
  rig = await startHubRig({ HUTONG_RETRY_PACE: '0.01' });
  shop = await openShop(rig);
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => {
      received.push(objectIn(text));
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const body = { url: `http://127.0.0.1:${port}/hook`, event_types: [] };
  idOf(await rig.call('POST', '/v1/webhook_endpoints', { key: shop.key, body }));
});

/** The hub hears nothing of this wallet, whatever happens there. */
function deafen(wallet: WalletName): void {
  rig.wallets.faults[wallet].set([
    { fault: 'notification_lost', probability: 1 },
    { fault: 'error_before_effect', probability: 1 },
  ]);
}

function told(payment: string, type: string): unknown[] {
  return received.filter((event) => {
    return event['type'] === type && JSON.stringify(event['data']).includes(payment);
  });
}

async function refundsOf(payment: string): Promise<unknown> {
  const path = `/v1/payments/${payment}/refunds`;
  return (await rig.call('GET', path, { key: shop.key })).body['data'];
}

/** All that must be true of `payment` once the money of `attempt` went back. */
async function expectMoneyBack(
  payment: string,
  attempt: ShopAttempt,
  origin: 'late_success' | 'double_payment',
): Promise<void> {
  await until(
    () => told(payment, 'payment.money_returned'),
    (events) => events.length > 0,
  );
  expect(await refundsOf(payment)).toMatchObject([{ origin, state: 'succeeded', amount: AMOUNT }]);
  const line = rig
    .sandbox(attempt.wallet)
    .transactions({ limit: 1_000 })
    .find((entry) => entry.wallet_reference === attempt.wallet_reference);
  expect(line).toMatchObject({ state: 'refunded', refunded: BigInt(AMOUNT) });
  const steps = await timeline(rig, shop, payment);
  const late = steps.filter(
    ({ what, detail }) => what === 'fact.ignored' && detail['why'] === origin,
  );
  expect(late).toMatchObject([{ detail: { attempt: attempt.id, wallet: attempt.wallet } }]);
  const returned = steps.filter(({ what }) => what === 'payment.money_returned');
  expect(returned.map(({ kind }) => kind).sort()).toEqual(['event', 'webhook']);
  const postings = steps.filter(({ kind }) => kind === 'posting').map(({ what }) => what);
  expect(postings).toContain(origin);
  expect(postings).toContain('money_returned');
  const held = await rig.app.ledger.balance(0, `suspense:${rig.accounts[attempt.wallet]}`);
  expect(held?.posted ?? 0n).toBe(0n);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

describe.each(WALLETS)('by %s', (wallet) => {
  test('money that arrives after the close goes back by itself', async () => {
    const payment = await newPayment(rig, shop, { amount: AMOUNT });
    const attempt = await newAttempt(rig, shop, { payment, wallet });
    const before = rig.sandbox(wallet).balance(PAYER);
    deafen(wallet);
    await payOnPhone(rig, attempt);
    // As if the wallet had confirmed a close and taken the money all the same.
    await rig.rows(
      `update attempts set state = 'closed', version = version + 1, next_query_at = null
       where id = $1`,
      [attempt.id],
    );
    rig.wallets.faults[wallet].set([]);
    const closed = await rig.call('POST', `/v1/payments/${payment}/close`, { key: shop.key });
    expect(closed.body).toMatchObject({ state: 'closed', close_reason: 'cancelled' });
    const line = rig
      .sandbox(wallet)
      .transactions({ limit: 1_000 })
      .find((entry) => entry.wallet_reference === attempt.wallet_reference);
    const letter = await voices(rig)[wallet].letter({
      wallet_reference: attempt.wallet_reference,
      amount: BigInt(AMOUNT),
      transaction: line?.wallet_transaction_id ?? '',
    });
    for (let i = 0; i < 3; i += 1) await send(rig, { wallet }, letter);
    await expectMoneyBack(payment, attempt, 'late_success');
    const after = await readPayment(rig, shop, payment);
    expect(after).toMatchObject({ state: 'closed', wallet: null, refunded_amount: 0 });
    expect(rig.sandbox(wallet).balance(PAYER)).toBe(before);
    for (const [type, times] of [
      ['payment.closed', 1],
      ['payment.money_returned', 1],
      ['payment.succeeded', 0],
      ['refund.succeeded', 0],
    ] as const) {
      expect(told(payment, type), type).toHaveLength(times);
    }
  });
});

test('of two wallets that were both paid, one counts and the other goes back', async () => {
  const payment = await newPayment(rig, shop, { amount: AMOUNT });
  // A code of Alipay that nobody scanned cannot be closed there: it lives on.
  const first = await newAttempt(rig, shop, { payment, wallet: 'alipay' });
  const second = await newAttempt(rig, shop, { payment, wallet: 'wechat_pay' });
  const money = () => WALLETS.reduce((sum, name) => sum + rig.sandbox(name).balance(PAYER), 0n);
  const before = money();
  for (const wallet of WALLETS) deafen(wallet);
  await payOnPhone(rig, first);
  await payOnPhone(rig, second);
  expect(money()).toBe(before - 2n * BigInt(AMOUNT));
  for (const wallet of WALLETS) rig.wallets.faults[wallet].set([]);
  const paid = await until(
    () => readPayment(rig, shop, payment),
    (seen) => seen['state'] === 'succeeded',
  );
  await expectMoneyBack(payment, paid['wallet'] === 'alipay' ? second : first, 'double_payment');
  const after = await readPayment(rig, shop, payment);
  expect(after).toMatchObject({ state: 'succeeded', wallet: paid['wallet'], refunded_amount: 0 });
  expect(money()).toBe(before - BigInt(AMOUNT));
  for (const type of ['payment.succeeded', 'payment.money_returned']) {
    expect(told(payment, type), type).toHaveLength(1);
  }
});
