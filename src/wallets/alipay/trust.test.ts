import { createSign, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { decodeForms, encodeForm } from '../../protocols/alipay/parameters.ts';
import { type AccountChanges, type Bench, openBench } from './testing.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

beforeEach(() => bench.renew());

afterAll(() => bench.stop());

describe('verifyNotification', () => {
  async function heard(index = 0): Promise<Buffer> {
    const all = await bench.merchant.hears(index + 1);
    return all[index]?.body ?? Buffer.alloc(0);
  }

  function verify(body: Buffer | string, of = bench.account) {
    const raw = { headers: {}, body: Buffer.from(body), received_at: new Date() };
    return bench.wallet.verifyNotification(of, raw);
  }

  test('a payment is a fact, with the payer masked for the timeline', async () => {
    await bench.payWith(await bench.presentedCode());
    const verified = await verify(await heard());
    expect(verified).toMatchObject({
      kind: 'verified',
      fact_state: 'TRADE_SUCCESS',
      content: {
        about: 'payment',
        fact: {
          state: 'paid',
          wallet_reference: bench.reference,
          amount: 1234n,
          payer_paid: 1234n,
        },
      },
    });
    if (verified.kind !== 'verified' || verified.content.about !== 'payment') return;
    expect(verified.fact_id).toBe(verified.content.fact.wallet_transaction_id);
    expect(JSON.stringify(verified.masked)).not.toContain(verified.content.fact.payer);
    const asked = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(asked.kind === 'fact' && asked.fact).toEqual(verified.content.fact);
  });

  test('each refund is a fact of its own', async () => {
    await bench.payWith(await bench.presentedCode());
    await bench.wallet.refund(bench.account, bench.refundOf(234n, `A${bench.reference}`));
    await bench.wallet.refund(bench.account, bench.refundOf(1000n, `B${bench.reference}`));
    await bench.merchant.hears(3);
    const facts = await Promise.all(bench.merchant.heard.map(({ body }) => verify(body)));
    const ids = facts.map(
      (fact) => fact.kind === 'verified' && `${fact.fact_id} ${fact.fact_state}`,
    );
    expect(new Set(ids).size).toBe(3);
    const refunds = facts.flatMap((fact) =>
      fact.kind === 'verified' && fact.content.about === 'refund' ? [fact.content.fact] : [],
    );
    expect(refunds.map((fact) => fact.refund_reference).sort()).toEqual([
      `A${bench.reference}`,
      `B${bench.reference}`,
    ]);
    expect(refunds.every((fact) => fact.state === 'succeeded')).toBe(true);
  });

  test('forged, changed, truncated and doubled parameters are refused', async () => {
    await bench.payWith(await bench.presentedCode());
    const body = (await heard()).toString('utf8');
    const changed = body.replace('total_amount=12.34', 'total_amount=99.34');
    expect(changed).not.toBe(body);
    expect(await verify(changed)).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(await verify(body.slice(0, -20))).toMatchObject({
      kind: 'refused',
      reason: 'signature',
    });
    expect(await verify(body.slice(0, 40))).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(await verify(`${body}&extra=1`)).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(await verify(`${body}&trade_no=1`)).toMatchObject({
      kind: 'refused',
      reason: 'malformed',
    });
    expect(await verify('')).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(await verify('a'.repeat(70_000))).toMatchObject({
      kind: 'refused',
      reason: 'malformed',
    });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const parameters = new Map(decodeForms(body).parameters);
    const text = [...parameters.keys()]
      .filter((name) => name !== 'sign' && name !== 'sign_type')
      .sort()
      .map((name) => `${name}=${parameters.get(name)}`)
      .join('&');
    const forged = createSign('RSA-SHA256').update(text).sign(privateKey, 'base64');
    const reply = await verify(encodeForm(parameters.set('sign', forged)));
    expect(reply).toMatchObject({ kind: 'refused', reason: 'signature' });
  });

  test('a genuine notification for another application or merchant is refused', async () => {
    await bench.payWith(await bench.presentedCode());
    const body = await heard();
    for (const settings of [{ app_id: '9021000100000002' }, { seller_id: '2088100000000002' }]) {
      const refused = await verify(body, bench.accountWith({ settings }));
      expect(refused).toMatchObject({ kind: 'refused', reason: 'wrong_account' });
    }
  });

  test('the answer is the seven characters, or anything else to hear it again', () => {
    expect(bench.wallet.answerNotification(true)).toMatchObject({ status: 200, body: 'success' });
    expect(bench.wallet.answerNotification(false).body).not.toBe('success');
  });
});

describe('parseAccount', () => {
  function refusalOf(changes: AccountChanges): Refusal {
    try {
      bench.wallet.parseAccount(bench.accountWith(changes));
    } catch (error) {
      if (error instanceof Refusal) return error;
    }
    throw new Error('nothing was refused');
  }

  test('the sandbox’s own account parses, with defaults for production addresses', () => {
    const { settings, credentials } = bench.world.sandbox.merchantAccount();
    const parsed = bench.wallet.parseAccount({ settings, credentials });
    expect(parsed.settings).toEqual(settings);
    const { app_id, seller_id } = settings;
    const bare = bench.wallet.parseAccount({ settings: { app_id, seller_id }, credentials });
    expect(bare.settings['gateway']).toBe('https://openapi.alipay.com/gateway.do');
  });

  test('each wrong field is named, and no secret is repeated', () => {
    const secret = bench.account.credentials['private_key'] ?? '';
    const wrong: [AccountChanges, string][] = [
      [{ settings: { app_id: 'x' } }, 'settings.app_id'],
      [{ settings: { seller_id: '1' } }, 'settings.seller_id'],
      [{ settings: { gateway: 'http://example.com/gateway.do' } }, 'settings.gateway'],
      [{ settings: { bridge_url: 'https://example.com/bridge.js' } }, 'settings.bridge_url'],
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
  async function failing(changes: AccountChanges): Promise<string[]> {
    const checks = await bench.wallet.checkCredentials(bench.accountWith(changes));
    return checks.filter(({ ok }) => !ok).map(({ name }) => name);
  }

  test('working credentials pass every check', async () => {
    const checks = await bench.wallet.checkCredentials(bench.account);
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
    const gateway = `${bench.world.sandbox.url}/somewhere`;
    expect(await failing({ settings: { gateway } })).toEqual(['gateway']);
    expect(await failing({ settings: { gateway: 'http://127.0.0.1:9/' } })).toEqual(['gateway']);
  });
});
