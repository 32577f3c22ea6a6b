import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../ids.ts';
import { type RunningSandbox, runSandbox } from '../../sandbox/douyin-pay/testing.ts';
import type { RawNotification } from '../notification.ts';
import type { CreateOrder, Wallet, WalletAccount } from '../wallet.ts';
import { douyinPayWallet } from './wallet.ts';

/** The connector against its sandbox: what the contract suite of all wallets does not ask. */
let running: RunningSandbox;
let wallet: Wallet;
let account: WalletAccount;
const received: RawNotification[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const headers = request.headers as Record<string, string>;
    received.push({ headers, body: Buffer.concat(chunks), received_at: new Date() });
    response.writeHead(200).end();
  });
});
let notify_url = '';

beforeAll(async () => {
  running = await runSandbox();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  notify_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`;
  wallet = douyinPayWallet({ real: () => new Date(), timeout_ms: 2_000 });
  account = open(running);
});
afterAll(async () => {
  wallet.stop();
  await running.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open({ sandbox }: RunningSandbox, over: Record<string, string> = {}): WalletAccount {
  const given = sandbox.merchantAccount();
  const credentials = { ...given.credentials, ...over };
  const parsed = wallet.parseAccount({ ...given, credentials });
  return { id: 'wac_1', wallet: 'douyin_pay', custody: 'merchant_own', ...parsed };
}

function order(more: Partial<CreateOrder> = {}): CreateOrder {
  return {
    wallet_reference: newWalletReference(0),
    amount: 1234n,
    currency: 'CNY',
    description: '茶 250g',
    presentation: 'qr',
    notify_url,
    return_url: 'http://127.0.0.1:9/back',
    expires_at: new Date(Date.now() + 600_000),
    client_ip: '127.0.0.1',
    ...more,
  };
}

async function codeOf(made: CreateOrder): Promise<string> {
  const outcome = await wallet.createPayment(account, made);
  if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
    throw new Error(JSON.stringify(outcome));
  }
  return outcome.presentation.qr;
}

async function paid(): Promise<CreateOrder> {
  const made = order();
  const scan = await running.sandbox.scan('lin', await codeOf(made));
  await running.sandbox.confirm(scan.id, 'pay');
  return made;
}

async function verdicts(reference: string) {
  const found = [];
  for (const raw of received) {
    const verified = await wallet.verifyNotification(account, raw);
    const about = verified.kind === 'verified' ? verified.content : undefined;
    if (about?.about === 'payment' && about.fact.wallet_reference !== reference) continue;
    found.push(verified);
  }
  return found;
}

test('a code dies after two minutes, and the same order gives a fresh one', async () => {
  const made = order();
  const first = await codeOf(made);
  running.advance(121_000);
  await expect(running.sandbox.scan('lin', first)).rejects.toThrow('code_expired');
  const second = await codeOf(made);
  expect(second).not.toBe(first);
  await expect(running.sandbox.scan('lin', first)).rejects.toThrow('unknown_code');
  expect((await running.sandbox.scan('lin', second)).amount).toBe(1234n);
});

test('a certificate the wallet changed to is fetched by its number, and old ones stay', async () => {
  const before = await paid();
  const rotate = running.sandbox.actions.find(({ name }) => name === 'certificates/rotate');
  await rotate?.run({});
  const after = await paid();
  for (const { wallet_reference } of [before, after]) {
    const asked = await wallet.queryPayment(account, wallet_reference);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
    await expect
      .poll(async () => (await verdicts(wallet_reference)).some(({ kind }) => kind === 'verified'))
      .toBe(true);
  }
});

describe('an answer counts only under a good signature', () => {
  test.each([
    'answer_probed',
    'answer_unsigned',
    'answer_cut',
    'error_after_effect',
    'timeout_after_effect',
    'connection_reset',
  ] as const)(
    'under %s the outcome is unknown, and the same order later succeeds',
    async (fault) => {
      const made = order();
      running.faults.set([{ fault, probability: 1, remaining: 1 }]);
      const outcome = await wallet.createPayment(account, made);
      running.faults.set([]);
      expect(outcome.kind).toBe('unknown');
      expect((await wallet.createPayment(account, made)).kind).toBe('presented');
    },
  );

  test('a forged notification before the genuine one is refused, the genuine one taken', async () => {
    received.length = 0;
    running.faults.set([{ fault: 'notification_probed', probability: 1, remaining: 1 }]);
    const made = await paid();
    await expect
      .poll(async () => (await verdicts(made.wallet_reference)).map(({ kind }) => kind))
      .toEqual(['refused', 'verified']);
    running.faults.set([]);
  });
});

test('the developer is shown the text that had to be signed', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const stranger = open(running, { private_key });
  const outcome = await wallet.queryPayment(stranger, newWalletReference(0));
  expect(outcome.kind).toBe('unknown');
  const [last] = running.requests.list({ limit: 1 });
  expect(last).toMatchObject({ verdict: 'SIGN_ERROR', status: 401, caller: null });
  expect(last?.signature.expected_text).toMatch(/^GET\n\/v1\/trade\/transactions\/out-trade-no\//);
  const checks = await wallet.checkCredentials(stranger);
  expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toContain(
    'mchid, serial_no and private_key',
  );
});

test('a refund that is stuck needs somebody to act, and arrives when they have', async () => {
  const made = await paid();
  const refund = {
    wallet_reference: made.wallet_reference,
    refund_reference: newWalletReference(0),
    amount: 234n,
    payment_amount: 1234n,
    currency: 'CNY',
    reason: '少件',
    notify_url,
  } as const;
  running.faults.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }]);
  const outcome = await wallet.refund(account, refund);
  running.faults.set([]);
  expect(outcome).toMatchObject({ kind: 'fact', fact: { state: 'needs_action' } });
  const unstick = running.sandbox.actions.find(({ name }) => name === 'refunds/unstick');
  await unstick?.run({ out_refund_no: refund.refund_reference });
  const asked = await wallet.queryRefund(account, refund);
  expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 234n } });
});

test('books and keys survive a restart', async () => {
  const made = await paid();
  await running.sandbox.stop();
  const again = await runSandbox({ store: running.store, keys_dir: running.keys_dir });
  const here = open(again);
  expect(here.credentials).toEqual(account.credentials);
  const asked = await wallet.queryPayment(here, made.wallet_reference);
  expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1234n } });
  expect(again.sandbox.merchantBalances().get(wallet.merchantNumber(here))).toBeGreaterThan(0n);
  await again.sandbox.stop();
});

test('a payer’s page pays, and lets nobody of another origin do so', async () => {
  const fresh = await runSandbox();
  const here = open(fresh);
  const made = order();
  const outcome = await wallet.createPayment(here, made);
  if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr')
    throw new Error('no code');
  const url = new URL(outcome.presentation.qr);
  expect(await (await fetch(url)).text()).toContain('由谁付款');
  url.searchParams.set('person', 'lin');
  const page = await (await fetch(url, { headers: { 'accept-language': 'en' } })).text();
  const scan = /name="scan" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const post = (origin: string) =>
    fetch(`${fresh.sandbox.url}/cashier/qr`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ scan, outcome: 'pay' }).toString(),
    });
  expect((await post('https://evil.example')).status).toBe(403);
  expect((await post(fresh.sandbox.url)).status).toBe(200);
  const asked = await wallet.queryPayment(here, made.wallet_reference);
  expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
  await fresh.stop();
});
