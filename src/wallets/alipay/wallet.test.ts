import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { newWalletReference } from '../../ids.ts';
import { decodeForms, encodeForm } from '../../protocols/alipay/parameters.ts';
import type { FaultSetting } from '../../sandbox/faults.ts';
import { type Merchant, openMerchant, openTestSandbox } from '../../sandbox/alipay/testing.ts';
import type { TestSandbox } from '../../sandbox/alipay/testing.ts';
import type { CreateOrder, Wallet, WalletAccount } from '../wallet.ts';
import { alipayWallet } from './wallet.ts';

let world: TestSandbox;
let merchant: Merchant;
let wallet: Wallet;
let account: WalletAccount;
let reference = '';

function accountWith(changes: {
  settings?: Record<string, unknown>;
  credentials?: Record<string, string>;
}): WalletAccount {
  const given = world.sandbox.merchantAccount();
  const input = {
    settings: { ...given.settings, ...changes.settings },
    credentials: { ...given.credentials, ...changes.credentials },
  };
  return { id: 'wac_test', wallet: 'alipay', custody: 'merchant_own', ...input };
}

function order(changes: Partial<CreateOrder> = {}): CreateOrder {
  return {
    wallet_reference: reference,
    amount: 1234n,
    currency: 'CNY',
    description: '龙井茶 / 2 = "250g" & box',
    presentation: 'qr',
    notify_url: merchant.url,
    return_url: 'http://127.0.0.1/return',
    expires_at: new Date(world.clock.now().getTime() + 30 * 60_000),
    client_ip: '127.0.0.1',
    ...changes,
  };
}

async function presentedCode(changes: Partial<CreateOrder> = {}): Promise<string> {
  const outcome = await wallet.createPayment(account, order(changes));
  if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome));
  const { presentation } = outcome;
  if (presentation.kind === 'qr') return presentation.qr;
  return presentation.kind === 'in_app' ? (presentation.params['tradeNO'] ?? '') : presentation.url;
}

async function payWith(code: string, person = 'lin'): Promise<void> {
  const scanned = await world.sandbox.scan(person, code);
  await world.sandbox.confirm(scanned.id, 'pay');
}

function faults(...settings: FaultSetting[]): void {
  world.faults.set(settings);
}

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
  wallet = alipayWallet({ real: () => new Date(), timeout_ms: 500 });
  account = accountWith({});
});

beforeEach(() => {
  reference = newWalletReference(0);
  merchant.heard.length = 0;
});

afterEach(() => faults());

afterAll(async () => {
  wallet.stop();
  await merchant.stop();
  await world.stop();
});

describe('createPayment', () => {
  test('a code makes no trade until it is scanned; then the payment is a fact', async () => {
    const code = await presentedCode();
    expect(code).toMatch(/^https:\/\/qr\.alipay\.com\/bax/);
    expect((await wallet.queryPayment(account, reference)).kind).toBe('not_found');
    expect((await wallet.closePayment(account, reference)).kind).toBe('not_found');
    const scanned = await world.sandbox.scan('lin', code);
    const waiting = await wallet.queryPayment(account, reference);
    expect(waiting).toMatchObject({ kind: 'fact', fact: { state: 'waiting', amount: 1234n } });
    await world.sandbox.confirm(scanned.id, 'pay');
    const paid = await wallet.queryPayment(account, reference);
    expect(paid).toMatchObject({
      kind: 'fact',
      fact: {
        state: 'paid',
        wallet_reference: reference,
        amount: 1234n,
        currency: 'CNY',
        payer_paid: 1234n,
        wallet_merchant: wallet.merchantNumber(account),
      },
    });
    if (paid.kind !== 'fact') return;
    expect(paid.fact.wallet_transaction_id).toMatch(/^\d{28}$/);
    expect(paid.fact.coupons).toBeUndefined();
    expect(Math.abs((paid.fact.paid_at?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(paid.trace).toMatchObject({ http_status: 200, wallet_code: '10000' });
    expect(paid.trace.wallet_request_id).toBeTruthy();
    expect(JSON.stringify(paid.trace)).not.toContain(paid.fact.payer);
  });

  test.each(['page', 'h5'] as const)('a %s link is signed here and pays there', async (kind) => {
    const outcome = await wallet.createPayment(account, order({ presentation: kind }));
    expect(outcome).toMatchObject({ kind: 'presented', presentation: { kind } });
    expect(outcome.trace.http_status).toBeUndefined();
    const url =
      outcome.kind === 'presented' && outcome.presentation.kind === kind
        ? outcome.presentation.url
        : '';
    expect((await wallet.queryPayment(account, reference)).kind).toBe('not_found');
    await payWith(url);
    const paid = await wallet.queryPayment(account, reference);
    expect(paid).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1234n } });
  });

  test('an in-app payment needs its payer and is bound to them', async () => {
    const refused = await wallet.createPayment(account, order({ presentation: 'in_app' }));
    expect(refused).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const authorize = wallet.payerLogin.authorizeUrl(account, {
      redirect_url: 'http://127.0.0.1/back',
      state: 's1',
    });
    const redirect = await fetch(`${authorize}&person=chen`, { redirect: 'manual' });
    const back = new URL(redirect.headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s1');
    const once = back.searchParams.get(wallet.payerLogin.code_parameter) ?? '';
    const payer = await wallet.payerLogin.exchangeCode(account, once);
    expect(payer).toBeTruthy();
    expect(await wallet.payerLogin.exchangeCode(account, once)).toBeUndefined();
    const trade = await presentedCode({ presentation: 'in_app', payer: payer ?? '' });
    await expect(world.sandbox.scan('lin', trade)).rejects.toThrow('other_payer');
    await payWith(trade, 'chen');
    const paid = await wallet.queryPayment(account, reference);
    expect(paid).toMatchObject({ kind: 'fact', fact: { state: 'paid', payer } });
  });

  test('the same order again is the same code, another order under its number is refused', async () => {
    const code = await presentedCode();
    expect(await presentedCode()).toBe(code);
    const other = await wallet.createPayment(account, order({ amount: 1235n }));
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    await payWith(code);
    const late = await wallet.createPayment(account, order());
    expect(late).toMatchObject({ kind: 'refused', code: 'already_paid' });
  });

  test('the order dies at its expiry on the business clock', async () => {
    const code = await presentedCode();
    await world.sandbox.scan('lin', code);
    world.clock.advance(31 * 60_000);
    const closed = await wallet.queryPayment(account, reference);
    expect(closed).toMatchObject({ kind: 'fact', fact: { state: 'closed' } });
    await expect(world.sandbox.scan('lin', code)).rejects.toThrow('order_closed');
  });

  test('an unreachable wallet refuses a creation and leaves every other question open', async () => {
    const nowhere = accountWith({ settings: { gateway: 'http://127.0.0.1:9/gateway.do' } });
    const created = await wallet.createPayment(nowhere, order());
    expect(created).toMatchObject({ kind: 'refused', code: 'wallet_error' });
    expect(created.kind === 'refused' && created.message).toContain('unreachable');
    expect((await wallet.queryPayment(nowhere, reference)).kind).toBe('unknown');
    expect((await wallet.closePayment(nowhere, reference)).kind).toBe('unknown');
    expect((await wallet.refund(nowhere, refundOf(1n, 'R1'))).kind).toBe('unknown');
  });
});

describe('closePayment', () => {
  test('a scanned order closes for good, a closed one stays closed', async () => {
    const code = await presentedCode();
    await world.sandbox.scan('lin', code);
    expect((await wallet.closePayment(account, reference)).kind).toBe('closed');
    expect((await wallet.closePayment(account, reference)).kind).toBe('closed');
    await expect(world.sandbox.scan('lin', code)).rejects.toThrow('order_closed');
  });

  test('a paid order cannot be closed, refunded or not', async () => {
    await payWith(await presentedCode());
    expect((await wallet.closePayment(account, reference)).kind).toBe('already_paid');
    await wallet.refund(account, refundOf(1234n, `R${reference}`));
    expect((await wallet.closePayment(account, reference)).kind).toBe('already_paid');
    const after = await wallet.queryPayment(account, reference);
    expect(after).toMatchObject({ kind: 'fact', fact: { state: 'refunded', amount: 1234n } });
  });
});

function refundOf(amount: bigint, refund_reference: string) {
  return {
    wallet_reference: reference,
    refund_reference,
    amount,
    payment_amount: 1234n,
    currency: 'CNY' as const,
    reason: 'returned',
    notify_url: merchant.url,
  };
}

describe('refund', () => {
  test('a refund moves money once, however often it is sent', async () => {
    await payWith(await presentedCode());
    const before = world.sandbox.balance('lin');
    for (let copy = 0; copy < 3; copy += 1) {
      const outcome = await wallet.refund(account, refundOf(234n, `A${reference}`));
      expect(outcome).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 234n } });
    }
    expect(world.sandbox.balance('lin')).toBe(before + 234n);
    const other = await wallet.refund(account, refundOf(235n, `A${reference}`));
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    const over = await wallet.refund(account, refundOf(1001n, `B${reference}`));
    expect(over).toMatchObject({ kind: 'refused', code: 'over_refund' });
    const found = await wallet.queryRefund(account, {
      wallet_reference: reference,
      refund_reference: `A${reference}`,
    });
    expect(found).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 234n } });
    expect(found.kind === 'fact' && found.fact.refunded_at).toBeInstanceOf(Date);
    const none = await wallet.queryRefund(account, {
      wallet_reference: reference,
      refund_reference: `B${reference}`,
    });
    expect(none.kind).toBe('not_found');
    const still = await wallet.queryPayment(account, reference);
    expect(still).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
  });

  test('an unpaid or unknown order refunds nothing', async () => {
    const unknown = await wallet.refund(account, refundOf(1n, `A${reference}`));
    expect(unknown).toMatchObject({ kind: 'refused', code: 'not_found' });
    await world.sandbox.scan('lin', await presentedCode());
    const unpaid = await wallet.refund(account, refundOf(1n, `A${reference}`));
    expect(unpaid).toMatchObject({ kind: 'refused', code: 'wallet_error' });
  });
});

describe('faults', () => {
  const CREATE = 'alipay.trade.precreate';
  const REFUND = 'alipay.trade.refund';

  test.each([
    'error_after_effect',
    'error_before_effect',
    'timeout_after_effect',
    'timeout_before_effect',
  ] as const)('%s is unknown, and the truth is found by asking again', async (fault) => {
    faults({ fault, probability: 1, remaining: 1, operation: CREATE });
    expect((await wallet.createPayment(account, order())).kind).toBe('unknown');
    await payWith(await presentedCode());
    faults({ fault, probability: 1, remaining: 1, operation: REFUND });
    const before = world.sandbox.balance('lin');
    const asked = refundOf(1234n, `A${reference}`);
    expect((await wallet.refund(account, asked)).kind).toBe('unknown');
    const effect = fault.endsWith('after_effect');
    expect(world.sandbox.balance('lin')).toBe(effect ? before + 1234n : before);
    expect((await wallet.queryRefund(account, asked)).kind).toBe(effect ? 'fact' : 'not_found');
    expect((await wallet.refund(account, asked)).kind).toBe('fact');
    expect(world.sandbox.balance('lin')).toBe(before + 1234n);
  });

  test('a query or a close without an answer is unknown', async () => {
    await presentedCode();
    faults({ fault: 'timeout_before_effect', probability: 1 });
    expect((await wallet.queryPayment(account, reference)).kind).toBe('unknown');
    faults({ fault: 'error_before_effect', probability: 1 });
    expect((await wallet.closePayment(account, reference)).kind).toBe('unknown');
  });

  test('lost, delayed and duplicated notifications follow the dial', async () => {
    faults({ fault: 'notification_lost', probability: 1, remaining: 1 });
    await payWith(await presentedCode());
    expect(world.sandbox.pendingNotifications()).toBe(0);
    faults({ fault: 'notification_duplicated', probability: 1, remaining: 1, copies: 2 });
    await wallet.refund(account, refundOf(34n, `A${reference}`));
    const bodies = (await merchant.hears(3)).map(({ body }) => body.toString('utf8'));
    expect(new Set(bodies.map((body) => new URLSearchParams(body).get('notify_id'))).size).toBe(1);
  });
});

describe('answers that cannot be believed', () => {
  test('a changed, unsigned or foreign answer is unknown', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const content =
      '{"code":"10000","msg":"Success","out_trade_no":"X","qr_code":"https:\\/\\/evil"}';
    const sign = createSign('RSA-SHA256').update(content).sign(privateKey, 'base64');
    const root = 'alipay_trade_precreate_response';
    const answers = [
      `{"${root}":${content},"sign":"${sign}"}`,
      `{"${root}":${content}}`,
      content,
      '',
      '<html></html>',
    ];
    let answer = '';
    const liar = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const address = liar.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const lied = accountWith({ settings: { gateway: `http://127.0.0.1:${port}/gateway.do` } });
    for (answer of answers) {
      expect((await wallet.createPayment(lied, order())).kind).toBe('unknown');
    }
    liar.closeAllConnections();
    liar.close();
  });
});

describe('verifyNotification', () => {
  async function heard(index = 0): Promise<Buffer> {
    const all = await merchant.hears(index + 1);
    return all[index]?.body ?? Buffer.alloc(0);
  }

  function verify(body: Buffer | string, of = account) {
    const raw = { headers: {}, body: Buffer.from(body), received_at: new Date() };
    return wallet.verifyNotification(of, raw);
  }

  test('a payment is a fact, with the payer masked for the timeline', async () => {
    await payWith(await presentedCode());
    const verified = verify(await heard());
    expect(verified).toMatchObject({
      kind: 'verified',
      fact_state: 'TRADE_SUCCESS',
      content: {
        about: 'payment',
        fact: { state: 'paid', wallet_reference: reference, amount: 1234n, payer_paid: 1234n },
      },
    });
    if (verified.kind !== 'verified' || verified.content.about !== 'payment') return;
    expect(verified.fact_id).toBe(verified.content.fact.wallet_transaction_id);
    expect(JSON.stringify(verified.masked)).not.toContain(verified.content.fact.payer);
    const asked = await wallet.queryPayment(account, reference);
    expect(asked.kind === 'fact' && asked.fact).toEqual(verified.content.fact);
  });

  test('each refund is a fact of its own', async () => {
    await payWith(await presentedCode());
    await wallet.refund(account, refundOf(234n, `A${reference}`));
    await wallet.refund(account, refundOf(1000n, `B${reference}`));
    await merchant.hears(3);
    const facts = merchant.heard.map(({ body }) => verify(body));
    const ids = facts.map(
      (fact) => fact.kind === 'verified' && `${fact.fact_id} ${fact.fact_state}`,
    );
    expect(new Set(ids).size).toBe(3);
    const refunds = facts.flatMap((fact) =>
      fact.kind === 'verified' && fact.content.about === 'refund' ? [fact.content.fact] : [],
    );
    expect(refunds.map((fact) => fact.refund_reference).sort()).toEqual([
      `A${reference}`,
      `B${reference}`,
    ]);
    expect(refunds.every((fact) => fact.state === 'succeeded')).toBe(true);
  });

  test('forged, changed, truncated and doubled parameters are refused', async () => {
    await payWith(await presentedCode());
    const body = (await heard()).toString('utf8');
    const changed = body.replace('total_amount=12.34', 'total_amount=99.34');
    expect(changed).not.toBe(body);
    expect(verify(changed)).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(verify(body.slice(0, -20))).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(verify(body.slice(0, 40))).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(verify(`${body}&extra=1`)).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(verify(`${body}&trade_no=1`)).toMatchObject({ kind: 'refused', reason: 'malformed' });
    expect(verify('')).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(verify('a'.repeat(70_000))).toMatchObject({ kind: 'refused', reason: 'malformed' });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const parameters = new Map(decodeForms(body).parameters);
    const text = [...parameters.keys()]
      .filter((name) => name !== 'sign' && name !== 'sign_type')
      .sort()
      .map((name) => `${name}=${parameters.get(name)}`)
      .join('&');
    const forged = createSign('RSA-SHA256').update(text).sign(privateKey, 'base64');
    const reply = verify(encodeForm(parameters.set('sign', forged)));
    expect(reply).toMatchObject({ kind: 'refused', reason: 'signature' });
  });

  test('a genuine notification for another application or merchant is refused', async () => {
    await payWith(await presentedCode());
    const body = await heard();
    for (const settings of [{ app_id: '9021000100000002' }, { seller_id: '2088100000000002' }]) {
      const refused = verify(body, accountWith({ settings }));
      expect(refused).toMatchObject({ kind: 'refused', reason: 'wrong_account' });
    }
  });

  test('the answer is the seven characters, or anything else to hear it again', () => {
    expect(wallet.answerNotification(true)).toMatchObject({ status: 200, body: 'success' });
    expect(wallet.answerNotification(false).body).not.toBe('success');
  });
});

describe('parseAccount', () => {
  function refusalOf(changes: Parameters<typeof accountWith>[0]): Refusal {
    try {
      wallet.parseAccount(accountWith(changes));
    } catch (error) {
      if (error instanceof Refusal) return error;
    }
    throw new Error('nothing was refused');
  }

  test('the sandbox’s own account parses, with defaults for production addresses', () => {
    const { settings, credentials } = world.sandbox.merchantAccount();
    const parsed = wallet.parseAccount({ settings, credentials });
    expect(parsed.settings).toEqual(settings);
    const { app_id, seller_id } = settings;
    const bare = wallet.parseAccount({ settings: { app_id, seller_id }, credentials });
    expect(bare.settings['gateway']).toBe('https://openapi.alipay.com/gateway.do');
  });

  test('each wrong field is named, and no secret is repeated', () => {
    const secret = account.credentials['private_key'] ?? '';
    const wrong: [Parameters<typeof accountWith>[0], string][] = [
      [{ settings: { app_id: 'x' } }, 'settings.app_id'],
      [{ settings: { seller_id: '1' } }, 'settings.seller_id'],
      [{ settings: { gateway: 'http://example.com/gateway.do' } }, 'settings.gateway'],
      [{ credentials: { private_key: secret.slice(0, 200) } }, 'credentials.private_key'],
      [{ credentials: { alipay_public_key: secret } }, 'credentials.alipay_public_key'],
    ];
    for (const [changes, param] of wrong) {
      const refusal = refusalOf(changes);
      expect(refusal).toMatchObject({ code: 'invalid_parameter', detail: { param } });
      expect(refusal.message).not.toContain(secret.slice(40, 120));
    }
  });
});

describe('checkCredentials', () => {
  async function failing(changes: Parameters<typeof accountWith>[0]): Promise<string[]> {
    const checks = await wallet.checkCredentials(accountWith(changes));
    return checks.filter(({ ok }) => !ok).map(({ name }) => name);
  }

  test('working credentials pass every check', async () => {
    const checks = await wallet.checkCredentials(account);
    expect(checks.length).toBeGreaterThan(4);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('the check that fails names the secret that is wrong', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const foreignPrivate = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const foreignPublic = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await failing({ credentials: { private_key: foreignPrivate } })).toEqual([
      'private_key',
    ]);
    expect(await failing({ credentials: { alipay_public_key: foreignPublic } })).toEqual([
      'alipay_public_key',
    ]);
    expect(
      await failing({
        credentials: { private_key: foreignPrivate, alipay_public_key: foreignPublic },
      }),
    ).toEqual(['alipay_public_key']);
    expect(await failing({ settings: { app_id: '9021000100009999' } })).toEqual(['app_id']);
    const gateway = `${world.sandbox.url}/somewhere`;
    expect(await failing({ settings: { gateway } })).toEqual(['gateway']);
    expect(await failing({ settings: { gateway: 'http://127.0.0.1:9/' } })).toEqual(['gateway']);
  });
});
