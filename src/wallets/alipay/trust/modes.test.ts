import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parsePrivateKey } from '../../../protocols/alipay/keys.ts';
import { signNotification } from '../../../protocols/alipay/notification.ts';
import { decodeForms, encodeForm } from '../../../protocols/alipay/parameters.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type AccountChanges, type Bench, openBench } from '../testing.ts';

/** One payment's life through every way an account may be set up. */
let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

beforeEach(() => bench.renew());

afterEach(() => bench.world.faults.set([]));

afterAll(() => bench.stop());

async function aesKey(role: string): Promise<string> {
  const prefix = role === 'key' ? '' : `${role}_`;
  return readFile(join(bench.world.keys_dir, `${prefix}aes_key.txt`), 'utf8');
}

async function accountOf(role: string, protocol: string, hidden: boolean): Promise<WalletAccount> {
  const changes: AccountChanges = {
    settings: { protocol },
    ...(hidden && { credentials: { aes_key: await aesKey(role) } }),
  };
  return bench.accountOf(role, changes);
}

async function codeOf(account: WalletAccount): Promise<string> {
  const outcome = await bench.wallet.createPayment(account, bench.order());
  if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
    throw new Error(JSON.stringify(outcome));
  }
  return outcome.presentation.qr;
}

function verify(account: WalletAccount, body: Buffer | string) {
  const raw = { headers: {}, body: Buffer.from(body), received_at: new Date() };
  return bench.wallet.verifyNotification(account, raw);
}

/** What is told of this test's order; an earlier one's refund may still be told of. */
async function heard(): Promise<Buffer> {
  for (let count = 1; ; count += 1) {
    const all = await bench.merchant.hears(count);
    const own = all.find(({ body }) => body.includes(bench.reference));
    if (own) return own.body;
  }
}

async function act(name: string, input: object): Promise<unknown> {
  return bench.world.sandbox.actions.find((one) => one.name === name)?.run(input);
}

const WAYS: [role: string, protocol: string, hidden: boolean][] = [];
for (const role of ['key', 'certificate', 'platform', 'isv']) {
  for (const protocol of ['gateway', 'v3']) {
    WAYS.push([role, protocol, false], [role, protocol, true]);
  }
}

describe.each(WAYS)('%s by %s, encrypted: %s', (role, protocol, hidden) => {
  test('a payment is made, paid, told, refunded', async () => {
    const account = await accountOf(role, protocol, hidden);
    const nothing = await bench.wallet.queryPayment(account, bench.reference);
    expect(nothing.kind).toBe('not_found');
    await bench.payWith(await codeOf(account));
    const told = await verify(account, await heard());
    expect(told).toMatchObject({ kind: 'verified', content: { about: 'payment' } });
    const asked = await bench.wallet.queryPayment(account, bench.reference);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1234n } });
    expect(asked.trace.operation).toBe('alipay.trade.query');
    const refund = bench.refundOf(234n, `R${bench.reference}`);
    expect(await bench.wallet.refund(account, refund)).toMatchObject({
      kind: 'fact',
      fact: { state: 'succeeded', amount: 234n },
    });
    expect(await bench.wallet.queryRefund(account, refund)).toMatchObject({
      kind: 'fact',
      fact: { state: 'succeeded', amount: 234n },
    });
    const [last] = bench.world.requests.list({ limit: 1 });
    const isV3 = last?.target.startsWith('/v3/') === true;
    expect(isV3).toBe(protocol === 'v3');
    expect(last?.request_body.includes(bench.reference)).toBe(!hidden);
  });
});

describe('answers', () => {
  test.each([
    ['key', 'gateway'],
    ['key', 'v3'],
    ['certificate', 'gateway'],
    ['certificate', 'v3'],
  ])('of %s mode by %s are not believed spoilt, unsigned or cut', async (role, protocol) => {
    const account = await accountOf(role, protocol, false);
    await bench.payWith(await codeOf(account));
    for (const fault of ['answer_probed', 'answer_unsigned', 'answer_cut'] as const) {
      bench.world.faults.set([{ fault, probability: 1, remaining: 1 }]);
      const answer = await bench.wallet.queryPayment(account, bench.reference);
      expect([fault, answer.kind]).toEqual([fault, 'unknown']);
    }
    const good = await bench.wallet.queryPayment(account, bench.reference);
    expect(good.kind).toBe('fact');
  });

  test('of a call that was limited are refusals of their own kind', async () => {
    for (const protocol of ['gateway', 'v3']) {
      bench.world.faults.set([{ fault: 'rate_limited', probability: 1, remaining: 1 }]);
      const account = await accountOf('key', protocol, false);
      const answer = await bench.wallet.queryPayment(account, bench.reference);
      expect(answer).toMatchObject({ kind: 'refused', code: 'rate_limited' });
    }
  });
});

describe('notifications', () => {
  test('for one application are another’s neither in key nor in certificate mode', async () => {
    for (const [mine, other] of [
      ['key', 'isv'],
      ['certificate', 'platform'],
      ['platform', 'certificate'],
    ] as const) {
      await bench.renew();
      await bench.payWith(await codeOf(await accountOf(mine, 'gateway', false)));
      const stranger = await accountOf(other, 'gateway', false);
      const answer = await verify(stranger, await heard());
      const reason = mine === 'key' ? 'wrong_account' : 'signature';
      expect(answer).toMatchObject({ kind: 'refused', reason });
    }
  });

  test('verify with the certificate number beside the text, and with it inside', async () => {
    const account = await accountOf('certificate', 'gateway', false);
    await act('notifications/certificate-number', { included: true });
    await bench.payWith(await codeOf(account));
    const body = (await heard()).toString('utf8');
    await act('notifications/certificate-number', { included: false });
    const fields = Object.fromEntries(decodeForms(body).parameters);
    expect(fields['alipay_cert_sn']).toMatch(/^[0-9a-f]{32}$/);
    expect((await verify(account, body)).kind).toBe('verified');
    const pem = await readFile(
      join(bench.world.keys_dir, 'certificate_alipay_private_key.pem'),
      'utf8',
    );
    const { sign: _sign, sign_type: _type, ...content } = fields;
    const inside = await signNotification(parsePrivateKey(pem), content);
    expect((await verify(account, encodeForm(inside))).kind).toBe('verified');
    const moved = encodeForm(
      new Map(Object.entries({ ...fields, alipay_cert_sn: 'f'.repeat(32) })),
    );
    expect(await verify(account, moved)).toMatchObject({ kind: 'refused', reason: 'signature' });
  });

  test('are read in the charset they say', async () => {
    const account = await accountOf('key', 'gateway', false);
    await bench.payWith(await codeOf(account));
    const fields = Object.fromEntries(decodeForms((await heard()).toString('utf8')).parameters);
    const { sign: _sign, sign_type: _type, ...content } = fields;
    const pem = await readFile(join(bench.world.keys_dir, 'alipay_private_key.pem'), 'utf8');
    const encode = (text: string) => iconv.encode(text, 'gbk');
    const gbk = { ...content, charset: 'GBK', subject: '龙井茶' };
    const letter = await signNotification(parsePrivateKey(pem), gbk, { encode });
    const told = await verify(account, encodeForm(letter, encode));
    expect(told).toMatchObject({ kind: 'verified', masked: { subject: '龙井茶' } });
    const odd = encodeForm(letter.set('charset', 'big5'), encode);
    expect(await verify(account, odd)).toMatchObject({ kind: 'refused', reason: 'malformed' });
  });

  test('empty values and a name of the query do not leak into what is verified', async () => {
    const account = await accountOf('certificate', 'gateway', false);
    await bench.payWith(await codeOf(account));
    const body = (await heard()).toString('utf8');
    expect((await verify(account, body)).kind).toBe('verified');
    expect((await verify(account, `${body}&shop=1`)).kind).toBe('refused');
  });
});
