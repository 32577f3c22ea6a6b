import { beforeAll, expect, test } from 'vitest';
import {
  createClient,
  type Hutong,
  HutongError,
  type StatementLine,
} from '../../src/client/client.ts';
import { businessDate } from '../../src/clock.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import { type HubRig, startHubRig } from '../security/hub-rig.ts';
import { openShop, paidPayment, type Shop, until } from '../security/shop.ts';

/** Sellers' money, bills and breaks through the typed client, over a real hub and its wallets. */
let rig: HubRig;
let shop: Shop;
let hutong: Hutong;
let operator: Hutong;
let wallet_account: string;
let payee: string;
let first_day: string;
let paid: string;

beforeAll(async () => {
  rig = await startHubRig();
  wallet_account = rig.accounts.wechat_pay;
  await rig.rows("update wallet_accounts set custody = 'hub_held' where id = $1", [wallet_account]);
  rig.app.wallets.forget(wallet_account);
  shop = await openShop(rig);
  hutong = createClient({ base_url: rig.url, api_key: shop.key });
  operator = createClient({ base_url: rig.url, api_key: rig.operator_key });
  first_day = businessDate(rig.app.clock.now());
  const sold = await paidPayment(rig, shop, { wallet: 'wechat_pay', amount: 50_000 });
  const { attempt } = sold;
  paid = sold.payment;
  const account = await requireAccount(rig.app.wallets, wallet_account);
  const connector = rig.app.wallets.connector('wechat_pay');
  const asked = await connector.queryPayment(account, attempt.wallet_reference);
  payee = (asked.kind === 'fact' && asked.fact.payer) || '';
  const body = JSON.stringify({ advance: 'P2D' });
  const headers = { 'content-type': 'application/json' };
  const clock = await fetch(`${rig.phone.url}/api/clock`, { method: 'POST', headers, body });
  expect(clock.status).toBe(200);
});

test('a seller’s balance, statement and settlement say the same', async () => {
  const { merchant } = shop;
  const balance = await hutong.merchants.balance(merchant);
  expect(balance).toMatchObject({ posted: 49_700, reserved: 0, available: 49_700 });
  const range = { from: first_day, to: first_day };
  const page = await hutong.merchants.statement(merchant, { ...range, limit: 1 });
  expect(page).toMatchObject({ opening_balance: 0, closing_balance: 49_700, has_more: true });
  const lines: StatementLine[] = [];
  const every = hutong.merchants.statementLines(merchant, { ...range, limit: 1 });
  for await (const line of every) lines.push(line);
  expect(lines.map(({ kind, amount }) => [kind, amount])).toEqual([
    ['payment', 50_000],
    ['wallet_fee', -300],
  ]);
  expect(lines.at(-1)?.balance).toBe(page.closing_balance);

  expect(await hutong.settlements.run({ merchant })).toMatchObject({ object: 'settlement_run' });
  const { data } = await hutong.settlements.list({ merchant, date: first_day });
  const [settlement] = data;
  expect(settlement).toMatchObject({ gross_amount: 50_000, wallet_fees: 300, net_amount: 49_700 });
  if (!settlement) throw new Error('nothing was settled');
  expect(await hutong.settlements.get(settlement.id)).toEqual(settlement);
  let sum = 0;
  for await (const line of hutong.settlements.lines(settlement.id, { limit: 1 })) {
    sum += line.amount;
  }
  expect(sum).toBe(settlement.net_amount);
});

test.each(['double_payment:att_1', 'late_success:att_1', `dispute-${'0a'.repeat(12)}`])(
  'a refund cannot take the name %s of one that the hub makes',
  async (reference) => {
    const refund = hutong.payments.refund(paid, { amount: 1, reason: 'small', reference });
    await expect(refund).rejects.toMatchObject({ code: 'invalid_parameter', param: 'reference' });
    expect(await hutong.payments.refunds(paid)).toEqual([]);
  },
);

test('a payout is made, taken back, and its story told', async () => {
  const { merchant } = shop;
  const terms = { wallet_account, payee, state: 'manual' } as const;
  const changed = await hutong.merchants.update(merchant, { payouts: [terms] });
  expect(changed.payouts).toMatchObject([{ wallet_account, state: 'manual' }]);
  const input = { merchant, wallet_account, amount: 1_000 };
  const payout = await hutong.payouts.create(input, { idempotency_key: 'payout-1' });
  expect(payout).toMatchObject({ state: 'needs_payee', amount: 1_000 });
  expect((await hutong.payouts.create(input, { idempotency_key: 'payout-1' })).id).toBe(payout.id);
  expect((await hutong.payouts.cancel(payout.id)).cancel_requested_at).not.toBeNull();
  const over = await until(
    () => hutong.payouts.get(payout.id),
    ({ state }) => state === 'cancelled',
  );
  expect((await hutong.payouts.list({ state: 'cancelled', merchant })).data).toEqual([over]);
  const story = (await hutong.payouts.timeline(payout.id)).map(({ what }) => what);
  expect(story).toEqual(expect.arrayContaining(['payout.created', 'payout.cancelled']));
  const all = { merchant, wallet_account, amount: 10_000_000 };
  await expect(hutong.payouts.create(all, { idempotency_key: 'payout-2' })).rejects.toMatchObject({
    code: 'amount_exceeds_payable',
  });
});

test('a pause of payouts outlives other changes made at the same time', async () => {
  const { merchant } = shop;
  const change = (terms: object) =>
    hutong.merchants.update(merchant, { payouts: [{ wallet_account, ...terms }] });
  for (let round = 1; round <= 10; round += 1) {
    await change({ state: 'manual' });
    const minimum = 100 * round;
    await Promise.all([
      change({ hold_days: round }),
      change({ state: 'paused' }),
      change({ minimum }),
    ]);
    const { payouts } = await hutong.merchants.get(merchant);
    expect(payouts).toMatchObject([{ state: 'paused', minimum, hold_days: round }]);
  }
});

test('finance compares a day and reads its breaks', async () => {
  const asked = await operator.bills.create({ wallet_account, date: first_day });
  expect(asked).toMatchObject({ object: 'bill', date: first_day });
  const bill = await until(
    () => operator.bills.get(asked.id),
    ({ state }) => state === 'closed',
  );
  expect(bill.report).toMatchObject({ payments: { bill: { count: 1, amount: 50_000 } } });
  expect((await operator.bills.list({ wallet_account, state: 'closed' })).data).toEqual([bill]);
  expect((await operator.breaks.list({ bill: bill.id })).data).toEqual([]);
  await expect(operator.breaks.get('brk_0001M7Z699NE7DHY6R4HBJVHGC17')).rejects.toBeInstanceOf(
    HutongError,
  );
  await expect(hutong.bills.list()).rejects.toMatchObject({ status: 403 });
});

test('a break is resolved once, with its reason', async () => {
  const id = 'brk_0001M7Z699NE7DHY6R4HBJVHGC17';
  await rig.rows(
    `insert into breaks (book, id, wallet_account_id, kind, detail, subject, about)
     values (0, $1, $2, 'missing_here', '{}', 'x', 'split')`,
    [id, wallet_account],
  );
  const [found] = (await operator.breaks.list({ state: 'open', wallet_account })).data;
  expect(found).toMatchObject({ id, about: 'split', actions: ['accept'] });
  const note = 'split by hand in the console';
  const options = { idempotency_key: 'break-1' };
  const done = await operator.breaks.resolve(id, { action: 'accept', note }, options);
  expect(done).toMatchObject({ state: 'resolved', trail: [{ note }] });
  expect(await operator.breaks.get(id)).toEqual(done);
});
