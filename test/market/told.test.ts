import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/pool.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { newWalletReference } from '../../src/ids.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { findSplitOrders } from '../../src/profit-sharing/find.ts';
import { hearSplit } from '../../src/profit-sharing/hear.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import type { SplitOrder } from '../../src/profit-sharing/split-order.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { createWalletAccount } from '../../src/wallet-accounts/create.ts';
import type { ToldSplit } from '../../src/wallets/notification.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import {
  escrow,
  expectSettled,
  type Holder,
  holdIn,
  holdOf,
  MINUTE_MS,
  openMarket,
  paid,
  share,
  sharing,
} from './market-rig.ts';

/** What wallets tell of splits, caught on its way and delivered when and where a test wants. */
interface Letter {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

let rig: MoneyRig;
let receiver: Share['receiver'];
/** The receiver's own account at WeChat Pay, which is told of its parts. */
let partner: string;
let letters: Letter[] = [];

const post = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    letters.push({ headers: Object.fromEntries(headers), body: Buffer.concat(chunks) });
    response.end('success');
  });
});

beforeAll(async () => {
  // Questions come late here, so that what is told can be first.
  ({ rig, receiver } = await openMarket({
    HUTONG_RETRY_PACE: '2',
    HUTONG_WALLET_TIMEOUT_MS: '5000',
  }));
  post.listen(0, '127.0.0.1');
  await once(post, 'listening');
  const url = `http://127.0.0.1:${(post.address() as AddressInfo).port}/`;
  const { app, sandboxes } = rig;
  const given = sandboxes.wechat_pay.accounts().find(({ role }) => role === 'partner');
  if (!given) throw new Error('no partner');
  const { settings, credentials } = given;
  const account = { wallet: 'wechat_pay', name: 'receiver', settings, credentials } as const;
  const custody = 'merchant_own';
  partner = (await createWalletAccount(app, app.db, { ...account, custody })).id;
  await act('wechat_pay', 'notices/address', {
    mchid: settings['mchid'],
    about: 'profit_sharing',
    notify_url: url,
  });
  const { app_id } = sandboxes.alipay.merchantAccount().settings;
  await act('alipay', 'gateway/set', { app_id, url });
});
afterAll(() => post.close());
beforeEach(() => {
  letters = [];
  rig.faults.alipay.set([]);
  rig.faults.wechat_pay.set([]);
});

async function act(wallet: Holder, name: string, input: object): Promise<void> {
  await rig.sandboxes[wallet].actions.find((action) => action.name === name)?.run(input);
}

const heardAt = () => ({ alipay: rig.accounts.alipay, wechat_pay: partner });

async function deliver(wallet: Holder, letter: Letter, account?: string): Promise<string> {
  const to = account ?? heardAt()[wallet];
  const url = rig.notify_url(wallet).replace(/[^/]*$/, to);
  const { 'content-type': type = '', ...rest } = letter.headers;
  const { connection: _c, 'content-length': _l, host: _h, ...headers } = rest;
  const body = new Uint8Array(letter.body);
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': type },
    body,
  });
  return answer.text();
}

async function nextLetter(): Promise<Letter> {
  const [letter] = await rig.until(
    async () => letters,
    (all) => all.length > 0,
  );
  if (!letter) throw new Error('no letter');
  return letter;
}

async function splitOf(payment: Payment): Promise<SplitOrder> {
  const [order] = await findSplitOrders(rig.app, payment);
  if (!order) throw new Error('no split');
  return order;
}

function inbox(payment: Payment): Promise<{ outcome: string | null }[]> {
  return rig.app.db.query(sql`
    select outcome from notifications where book = 0 and content ->> 'about' = 'split'
      and content -> 'fact' ->> 'split_reference' in
        (select split_reference from split_orders where payment_id = ${payment.id})`);
}

function judged(payment: Payment, notices = 1): Promise<{ outcome: string | null }[]> {
  return rig.until(
    () => inbox(payment),
    (all) => all.length === notices && all.every(({ outcome }) => outcome !== null),
  );
}

async function breaksOf(reference: string): Promise<{ kind: string; about: string }[]> {
  return rig.app.db.query(
    sql`select kind, about from breaks where subject = ${reference} order by kind`,
  );
}

/** Paid, its wallet's wait over, and asked to be released; nothing has answered yet. */
async function releasing(
  wallet: Holder,
): Promise<{ payment: Payment; asked: Promise<unknown>; letter: Letter }> {
  const payment = await paid(rig, wallet, { terms: escrow(10, [share(receiver, 700n)]) });
  await rig.clock.advance(MINUTE_MS);
  rig.faults[wallet].set([{ fault: 'answer_slow', probability: 1, delay_ms: 2_000 }]);
  const asked = releaseHold(rig.app, { hold: await holdOf(rig, payment), why: 'receipt' });
  return { payment, asked, letter: await nextLetter() };
}

describe('what Alipay tells of a split', () => {
  test('before the answer to our own call has the last word, however often it is told', async () => {
    const { payment, asked, letter } = await releasing('alipay');
    expect((await splitOf(payment)).state).toBe('created');
    const answers = await Promise.all([deliver('alipay', letter), deliver('alipay', letter)]);
    expect(answers).toEqual(['success', 'success']);
    expect(await holdIn(rig, payment, 'released')).toMatchObject({ shared: 700n });
    await asked;
    await deliver('alipay', letter);
    expect(await judged(payment)).toEqual([{ outcome: 'changed' }]);
    expect(await splitOf(payment)).toMatchObject({ state: 'finished' });
    await expectSettled(rig, payment);
  });

  test('counts only with its own signature, at its own account', async () => {
    const { payment, asked, letter } = await releasing('alipay');
    const body = Buffer.from(letter.body.toString().replace('7.00', '6.00'));
    expect(body.equals(letter.body)).toBe(false);
    expect(await deliver('alipay', { ...letter, body })).toBe('fail');
    const { settings, credentials } = rig.sandboxes.alipay.accounts()[1] ?? {};
    if (!settings || !credentials) throw new Error('no second account');
    const other = await createWalletAccount(rig.app, rig.app.db, {
      wallet: 'alipay',
      name: 'other',
      custody: 'merchant_own',
      settings,
      credentials,
    });
    expect(await deliver('alipay', letter, other.id)).toBe('fail');
    expect(await inbox(payment)).toEqual([]);
    rig.faults.alipay.set([]);
    await asked;
    await deliver('alipay', letter);
    await holdIn(rig, payment, 'released');
    await expectSettled(rig, payment);
  });
});

describe('what WeChat Pay tells a receiver', () => {
  test('makes the hub ask at once, also before its own call was answered', async () => {
    const { payment, asked, letter } = await releasing('wechat_pay');
    expect(await deliver('wechat_pay', letter)).toContain('SUCCESS');
    rig.faults.wechat_pay.set([]);
    expect(await judged(payment)).toEqual([{ outcome: 'asks' }]);
    expect(await holdIn(rig, payment, 'released')).toMatchObject({ shared: 700n });
    await asked;
    await deliver('wechat_pay', letter);
    expect(await judged(payment)).toHaveLength(1);
    await expectSettled(rig, payment);
  });

  test('is refused when it was changed, or comes to the merchant that paid', async () => {
    const { payment, asked, letter } = await releasing('wechat_pay');
    const text = letter.body.toString();
    const body = Buffer.from(text.replace('"ciphertext":"', '"ciphertext":"A'));
    expect(await deliver('wechat_pay', { ...letter, body })).toContain('FAIL');
    expect(await deliver('wechat_pay', letter, rig.accounts.wechat_pay)).toContain('FAIL');
    expect(await inbox(payment)).toEqual([]);
    await deliver('wechat_pay', letter);
    rig.faults.wechat_pay.set([]);
    await asked;
    await holdIn(rig, payment, 'released');
    await expectSettled(rig, payment);
  });

  test('of a share that it gave back is heard as well, under the number of the return', async () => {
    const payment = await paid(rig, 'wechat_pay', { terms: sharing(share(receiver, 900n)) });
    await rig.clock.advance(MINUTE_MS);
    await deliver('wechat_pay', await nextLetter());
    await holdIn(rig, payment, 'released');
    letters = [];
    const request = { amount: 5_000n, reference: 'r', reason: 'broken', metadata: {} };
    await createRefund(rig.app, { payment, ...request });
    await deliver('wechat_pay', await nextLetter());
    await judged(payment, 2);
    const given = await rig.until(
      () => findSplitOrders(rig.app, payment),
      (orders) => orders.every(({ state }) => state === 'finished'),
    );
    expect(given.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['split', 10_000n],
      ['return', 450n],
    ]);
    await rig.until(
      () => rig.reload(payment),
      ({ refunded }) => refunded === 5_000n,
    );
    await expectSettled(rig, payment);
  });
});

test('a split that does not fit is a break, moves nothing, and is told once', async () => {
  const { app } = rig;
  const payment = await paid(rig, 'alipay', { terms: sharing(share(receiver, 300n)) });
  await rig.clock.advance(MINUTE_MS);
  await deliver('alipay', await nextLetter());
  await holdIn(rig, payment, 'released');
  const order = await splitOf(payment);
  const [part] = order.parts;
  if (!part) throw new Error('no part');
  const paying = await requireAccount(app.wallets, rig.accounts.alipay);
  const receiving = await requireAccount(app.wallets, partner);
  const line = { account: part.account, amount: 300n, state: 'succeeded' } as const;
  const told = (over: Partial<ToldSplit['fact']>, paid_by?: string): ToldSplit => ({
    about: 'split',
    fact: { split_reference: order.split_reference, state: 'finished', parts: [line], ...over },
    ...(paid_by === undefined ? {} : { paid_by }),
  });
  const hear = async (account: typeof paying, fact: ToldSplit) =>
    (await hearSplit(app, account, fact, () => [])).outcome;
  const unknown = newWalletReference(0);
  const before = await app.db.query(sql`select count(*) as n from postings`);
  expect(await hear(paying, told({ split_reference: unknown }))).toBe('unknown_split');
  expect(await breaksOf(unknown)).toEqual([{ kind: 'missing_here', about: 'split' }]);
  // Somebody else pays this receiver: no concern of these books.
  const others = newWalletReference(0);
  expect(await hear(receiving, told({ split_reference: others }, '1900000001'))).toBe(
    'unknown_split',
  );
  expect(await breaksOf(others)).toEqual([]);
  expect(await hear(receiving, told({}, '1900000001'))).toBe('refuse');
  expect(await hear(paying, told({ parts: [{ ...line, amount: 301n }] }))).toBe('refuse');
  expect(await hear(paying, told({ wallet_transaction_id: '2026' }))).toBe('refuse');
  expect(await hear(paying, told({ wallet_transaction_id: '2026' }))).toBe('refuse');
  expect(await hear(paying, told({}))).toBe('ignore');
  expect((await breaksOf(order.split_reference)).map(({ kind }) => kind)).toEqual([
    'amount',
    'merchant',
    'missing_here',
  ]);
  expect(await app.db.query(sql`select count(*) as n from postings`)).toEqual(before);
  await expectSettled(rig, payment);
});
