import { beforeAll, describe, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { newWalletReference } from '../../src/ids.ts';
import { LAWS } from '../../src/laws/every.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { type HubRig, startHubRig } from './hub-rig.ts';
import { footprint, send } from './notify.ts';
import {
  idOf,
  newAttempt,
  newPayment,
  openShop,
  paidPayment,
  payOnPhone,
  readPayment,
  type Shop,
  type ShopAttempt,
  timeline,
  until,
} from './shop.ts';
import { newTransaction, type Said, type Voice, voices } from './wallet-voice.ts';

/** Notifications with a genuine signature that say what cannot be, or say it twice. */
let rig: HubRig;
let shop: Shop;
let voice: Record<WalletName, Voice>;
/** Accounts of another merchant with the very same keys: only the numbers tell them apart. */
const second = new Map<WalletName, { account: string; merchant: string; app: string }>();

beforeAll(async () => {
  rig = await startHubRig();
  shop = await openShop(rig);
  voice = voices(rig);
  const numbers = {
    wechat_pay: { merchant: '1900009191', app: '' },
    alipay: { merchant: '2088100000000099', app: '9021000100000099' },
    union_pay: { merchant: '777290058110099', app: '' },
    douyin_pay: { merchant: '600000000000099', app: '' },
  };
  for (const wallet of WALLETS) {
    const { merchant, app } = numbers[wallet];
    const { settings, credentials } = rig.sandbox(wallet).merchantAccount();
    const changed = {
      wechat_pay: { mchid: merchant },
      alipay: { app_id: app, seller_id: merchant },
      union_pay: { mer_id: merchant },
      douyin_pay: { mchid: merchant },
    }[wallet];
    const answer = await rig.call('POST', '/v1/wallet_accounts', {
      key: rig.operator_key,
      body: {
        wallet,
        name: 'second',
        custody: 'merchant_own',
        settings: { ...settings, ...changed },
        credentials,
      },
    });
    second.set(wallet, { account: idOf(answer), merchant, app });
  }
});

async function pending(wallet: WalletName): Promise<{ payment: string; attempt: ShopAttempt }> {
  const payment = await newPayment(rig, shop);
  return { payment, attempt: await newAttempt(rig, shop, { payment, wallet }) };
}

async function accepted(wallet: WalletName, said: Said, account?: string): Promise<void> {
  const other = second.get(wallet);
  const foreign = account !== undefined && wallet === 'alipay';
  const letter = await voice[wallet].letter(
    { ...said, ...(account === undefined || !other ? {} : { merchant: other.merchant }) },
    foreign ? { content: (fields) => ({ ...fields, app_id: other?.app }) } : {},
  );
  const address = account === undefined ? { wallet } : { wallet, account };
  const answer = await send(rig, address, letter);
  const yes = { alipay: 'success', union_pay: 'ok' } as const;
  const text = wallet in yes ? yes[wallet as keyof typeof yes] : '{"code":"SUCCESS"}';
  expect(answer).toEqual({ status: 200, text });
}

/** Resolves when every stored notification has been judged. */
async function settled(): Promise<void> {
  await until(
    () => rig.rows('select id from notifications where processed_at is null'),
    (rows) => rows.length === 0,
  );
}

async function count(statement: string, ...values: readonly string[]): Promise<number> {
  const [row] = await rig.rows(`select count(*)::int as n from ${statement}`, values);
  return Number(row?.['n']);
}

async function balance(account: string): Promise<bigint> {
  return (await rig.app.ledger.balance(0, account))?.posted ?? 0n;
}

describe.each(WALLETS)('a genuine notification of %s', (wallet) => {
  test('counts once, however often and however labelled its bytes arrive', async () => {
    const { payment, attempt } = await pending(wallet);
    const { wallet_reference } = attempt;
    const letter = await voice[wallet].letter({ wallet_reference, amount: 6_900n });
    const strange = { ...letter.headers, 'content-type': 'application/octet-stream' };
    const copies = Array.from({ length: 8 }, () => send(rig, { wallet }, letter));
    const answers = await Promise.all(copies);
    await settled();
    answers.push(await send(rig, { wallet }, letter));
    answers.push(await send(rig, { wallet }, { ...letter, headers: strange }));
    await settled();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await readPayment(rig, shop, payment)).toMatchObject({ state: 'succeeded', wallet });
    expect(await count('notifications where payment_id = $1', payment)).toBe(1);
    expect(await count("postings where subject_id = $1 and reason = 'payment'", payment)).toBe(1);
    const told = "events where payment_id = $1 and type = 'payment.succeeded'";
    expect(await count(told, payment)).toBe(1);
  });

  test.each([
    ['amount', 1, 'CNY'],
    ['amount', 6_901, 'CNY'],
    ['currency', 6_900, 'USD'],
  ])('with a wrong %s opens one break and changes nothing (%i %s)', async (what, fen, currency) => {
    const { payment, attempt } = await pending(wallet);
    const { wallet_reference } = attempt;
    const said = { wallet_reference, amount: BigInt(fen), currency, transaction: newTransaction() };
    const before = await balance(`wallet:${rig.accounts[wallet]}`);
    for (let i = 0; i < 3; i += 1) await accepted(wallet, said);
    await settled();
    expect(await readPayment(rig, shop, payment)).toMatchObject({ state: 'pending', wallet: null });
    expect(await count('breaks where payment_id = $1', payment)).toBe(1);
    expect(await balance(`wallet:${rig.accounts[wallet]}`)).toBe(before);
    const steps = await timeline(rig, shop, payment);
    expect(steps.filter(({ what: step }) => step === 'fact.refused')).toHaveLength(1);
    expect(steps.filter(({ kind }) => kind === 'break')).toMatchObject([{ what }]);
    // The truth still counts when it comes.
    await payOnPhone(rig, attempt);
    await until(
      () => readPayment(rig, shop, payment),
      (seen) => seen['state'] === 'succeeded',
    );
  });

  test.each([
    ['of our shape', newWalletReference(0)],
    ['of our shape in a book nobody uses', newWalletReference(1_023)],
    ['of a foreign shape', 'ORDER-2026-0001'],
  ])('for an unknown order %s keeps the money safe, with one break', async (_what, reference) => {
    const transaction = newTransaction();
    const held = `ledger_accounts where id = $1`;
    const suspense = `suspense:${rig.accounts[wallet]}`;
    const before = await rig.rows(`select sum(credits_posted)::text as sum from ${held}`, [
      suspense,
    ]);
    for (let i = 0; i < 3; i += 1) {
      await accepted(wallet, { wallet_reference: reference, amount: 321n, transaction });
    }
    await settled();
    const after = await rig.rows(`select sum(credits_posted)::text as sum from ${held}`, [
      suspense,
    ]);
    expect(BigInt(String(after[0]?.['sum'])) - BigInt(String(before[0]?.['sum'] ?? 0))).toBe(321n);
    const opened = "breaks where kind = 'missing_here' and subject = $1";
    expect(await count(opened, transaction)).toBe(1);
  });

  test('for another account’s address is refused there', async () => {
    const { attempt } = await pending(wallet);
    const before = await footprint(rig);
    const { wallet_reference } = attempt;
    const letter = await voice[wallet].letter({ wallet_reference, amount: 6_900n });
    const account = second.get(wallet)?.account ?? '';
    const answer = await send(rig, { wallet, account }, letter);
    expect(answer.text).toMatch(/fail/i);
    const rows = await rig.rows(
      'select reason from refused_notifications where wallet_account_id = $1',
      [account],
    );
    expect(rows).toEqual([{ reason: 'wrong_account' }]);
    expect(await footprint(rig)).toEqual(before);
  });

  test('of another merchant never pays this merchant’s order', async () => {
    const { payment, attempt } = await pending(wallet);
    const { wallet_reference } = attempt;
    const account = second.get(wallet)?.account ?? '';
    await accepted(wallet, { wallet_reference, amount: 6_900n }, account);
    await settled();
    expect(await readPayment(rig, shop, payment)).toMatchObject({ state: 'pending' });
    expect(await balance(`suspense:${account}`)).toBe(6_900n);
  });

  test('of another merchant never ends this merchant’s refund', async () => {
    const { payment, attempt } = await paidPayment(rig, shop, { wallet, amount: 500 });
    rig.wallets.faults[wallet].set([{ fault: 'error_before_effect', probability: 1 }]);
    const asked = await rig.call('POST', `/v1/payments/${payment}/refunds`, {
      key: shop.key,
      idempotency: `refund-${payment}`,
      body: { amount: 500, reference: 'r1', reason: 'broken' },
    });
    const refund = idOf(asked);
    const [row] = await rig.rows('select refund_reference from refunds where id = $1', [refund]);
    const refund_reference = String(row?.['refund_reference']);
    const { wallet_reference } = attempt;
    const account = second.get(wallet)?.account ?? '';
    await accepted(wallet, { wallet_reference, refund_reference, amount: 500n }, account);
    await settled();
    const [after] = await rig.rows('select state from refunds where id = $1', [refund]);
    expect(after?.['state']).not.toBe('succeeded');
    expect(await count('breaks where wallet_account_id = $1', account)).toBeGreaterThan(0);
    rig.wallets.faults[wallet].set([]);
    await until(
      () => rig.rows('select state from refunds where id = $1', [refund]),
      (rows) => rows[0]?.['state'] === 'succeeded',
    );
    expect(await readPayment(rig, shop, payment)).toMatchObject({ refunded_amount: 500 });
  });

  test('of a refund made at the wallet’s own console opens one break', async () => {
    const elsewhere = await openShop(rig, { book: 3 });
    const { attempt } = await paidPayment(rig, elsewhere, { wallet, amount: 500 });
    const { wallet_reference } = attempt;
    const said = { wallet_reference, refund_reference: `console-${wallet}`, amount: 200n };
    for (let i = 0; i < 2; i += 1) {
      await accepted(wallet, { ...said, transaction: `5030${wallet}` });
    }
    await settled();
    const opened = "breaks where kind = 'missing_here' and detail ->> 'refund_reference' = $1";
    expect(await count(opened, said.refund_reference)).toBe(1);
  });
});

test('the ledger is clean after everything that was said', async () => {
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
