import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Connector, openConnector } from '../../../../test/support/wechat-pay-connector.ts';
import { newWalletReference } from '../../../ids.ts';
import { Outbound } from '../../../outbound.ts';
import { issueCertificate } from '../../../sandbox/certificates.ts';
import type { ChargeOrder } from '../../products/payer-codes.ts';
import type { WalletAccount } from '../../wallet.ts';

/** Charging what a scanner read, by both versions of the API, against the sandbox. */
let on: Connector;

beforeAll(async () => {
  on = await openConnector();
});
afterAll(() => on.stop());
beforeEach(async () => {
  on.running.clock.offset_ms += 86_400_000;
  on.running.faults.set([]);
  await on.running.sandbox.setBalance('lin', 10_000_000n);
});

const codes = () => {
  const { payerCodes } = on.wallet;
  if (!payerCodes) throw new Error('not offered');
  return payerCodes;
};

function charge(more: Partial<ChargeOrder> = {}, person = 'lin'): ChargeOrder {
  return {
    wallet_reference: newWalletReference(0),
    amount: 1234n,
    currency: 'CNY',
    description: '龙井茶 🍵 & 茶具',
    payer_code: on.running.sandbox.payerCode(person).code,
    device: 'POS 1',
    client_ip: '127.0.0.1',
    notify_url: on.shop.notify_url,
    ...more,
  };
}

const balance = () => on.running.sandbox.balance('lin');

test('tells its codes by prefix and length', () => {
  expect(codes().matches(on.running.sandbox.payerCode('lin').code)).toBe(true);
  for (const code of ['281234567890123456', '1612345678901234567', '160000000000000000', '']) {
    expect(codes().matches(code)).toBe(false);
  }
});

describe.each(['v3', 'v2'])('by %s', (payer_codes) => {
  let account: WalletAccount;
  let seller: { account: WalletAccount; sub_merchant: string };

  beforeAll(() => {
    account = on.accountOf('direct', { payer_codes }).account;
    const partner = on.accountOf('partner', { payer_codes });
    seller = { account: partner.account, sub_merchant: partner.sub_merchants[0] ?? '' };
  });

  const query = ({ wallet_reference }: ChargeOrder) =>
    on.wallet.queryPayment(account, wallet_reference);

  test('a charge is a fact at once, and asked again the same fact', async () => {
    const order = charge();
    const fact = {
      wallet_reference: order.wallet_reference,
      wallet_merchant: account.settings.mchid,
      state: 'paid',
      amount: 1234n,
      payer_paid: 1234n,
      paid_at: expect.any(Date),
      payer: expect.stringMatching(/^o/),
    };
    const outcome = await codes().charge(account, order);
    expect(outcome).toMatchObject({ kind: 'fact', fact });
    expect(JSON.stringify(outcome.trace)).not.toContain(order.payer_code);
    expect(await codes().charge(account, order)).toMatchObject({ kind: 'fact', fact });
    expect(balance()).toBe(10_000_000n - 1234n);
    expect(await query(order)).toMatchObject({ fact });
  });

  test('a charge for a seller names the seller', async () => {
    const { sub_merchant } = seller;
    const order = charge({ sub_merchant });
    expect(await codes().charge(seller.account, order)).toMatchObject({
      kind: 'fact',
      fact: { state: 'paid', sub_merchant },
    });
    expect(await codes().reverse(seller.account, order)).toMatchObject({
      kind: 'reversed',
      money_returned: true,
    });
  });

  test('a charge that needs the payer waits, is paid, and is known by a query', async () => {
    const order = charge({ amount: 100_001n });
    expect((await codes().charge(account, order)).kind).toBe('needs_payer');
    expect((await codes().charge(account, order)).kind).toBe('needs_payer');
    expect(await query(order)).toMatchObject({ fact: { state: 'waiting' } });
    const [prompt] = on.running.sandbox.prompts('lin');
    await on.running.sandbox.answerPrompt(prompt?.id ?? '', 'pay');
    expect(await query(order)).toMatchObject({ fact: { state: 'paid' } });
  });

  test('an undecided charge is reversed: nobody can pay it any more', async () => {
    const order = charge({ amount: 100_001n });
    await codes().charge(account, order);
    const [prompt] = on.running.sandbox.prompts('lin');
    const reversed = { kind: 'reversed', money_returned: false };
    expect(await codes().reverse(account, order)).toMatchObject(reversed);
    expect(await codes().reverse(account, order)).toMatchObject(reversed);
    await expect(on.running.sandbox.answerPrompt(prompt?.id ?? '', 'pay')).rejects.toMatchObject({
      code: 'prompt_over',
    });
    expect(await codes().charge(account, order)).toMatchObject({
      kind: 'fact',
      fact: { state: 'closed' },
    });
  });

  test('a reversal of a paid charge returns the money, once', async () => {
    const order = charge();
    await codes().charge(account, order);
    const reversed = { kind: 'reversed', money_returned: true };
    expect(await codes().reverse(account, order)).toMatchObject(reversed);
    expect(await codes().reverse(account, order)).toMatchObject(reversed);
    expect(balance()).toBe(10_000_000n);
  });

  test('a payment whose answer was lost is unknown, then reversed with its money', async () => {
    const operation = payer_codes === 'v3' ? 'pay.codepay' : 'v2.micropay';
    for (const fault of ['error_after_effect', 'answer_probed', 'answer_unsigned'] as const) {
      on.running.faults.set([{ fault, probability: 1, remaining: 1, operation }]);
      const order = charge();
      expect((await codes().charge(account, order)).kind).toBe('unknown');
      expect(balance()).toBe(10_000_000n - 1234n);
      expect(await codes().reverse(account, order)).toMatchObject({ money_returned: true });
      expect(balance()).toBe(10_000_000n);
    }
  });

  test('a charge that never arrived is not found', async () => {
    const order = charge();
    on.running.faults.set([{ fault: 'error_before_effect', probability: 1, remaining: 1 }]);
    expect((await codes().charge(account, order)).kind).toBe('unknown');
    expect((await codes().reverse(account, order)).kind).toBe('not_found');
    expect(balance()).toBe(10_000_000n);
  });

  test('a reversal that failed half-way is asked for again', async () => {
    const order = charge();
    await codes().charge(account, order);
    const operation = payer_codes === 'v3' ? 'reverse' : 'v2.reverse';
    on.running.faults.set([
      { fault: 'error_after_effect', probability: 1, remaining: 1, operation },
    ]);
    expect(['unknown', 'again']).toContain((await codes().reverse(account, order)).kind);
    expect(await codes().reverse(account, order)).toMatchObject({ money_returned: true });
    expect(balance()).toBe(10_000_000n);
  });

  test.each([
    ['a spent code', () => ({ payer_code: spent() }), 'invalid_request'],
    ['no money', () => ({ payer_code: codeOf('poor') }), 'insufficient_funds'],
  ] as const)('%s is refused', async (_name, more, code) => {
    expect(await codes().charge(account, charge(more()))).toMatchObject({ kind: 'refused', code });
  });

  const codeOf = (person: string) => on.running.sandbox.payerCode(person).code;
  const spent = () => {
    const code = codeOf('chen');
    on.running.clock.offset_ms += 60_000;
    return code;
  };

  test('the same number with another amount is refused and charges nothing', async () => {
    const order = charge();
    await codes().charge(account, order);
    const other = { ...charge(), wallet_reference: order.wallet_reference, amount: 1n };
    expect(await codes().charge(account, other)).toMatchObject({
      kind: 'refused',
      code: 'reference_reused',
    });
    expect(balance()).toBe(10_000_000n - 1234n);
  });
});

test('a wrong v2 key decides nothing', async () => {
  const { account } = on.accountOf('direct', { payer_codes: 'v2' });
  const wrong = {
    ...account,
    credentials: { ...account.credentials, api_v2_key: '0'.repeat(32) },
  };
  expect((await codes().charge(wrong, charge())).kind).toBe('unknown');
  expect(balance()).toBe(10_000_000n);
  const given = on.running.sandbox.merchantAccount();
  const { api_v2_key: _key, ...credentials } = given.credentials;
  const settings = { ...given.settings, payer_codes: 'v2' };
  expect(() => on.wallet.parseAccount({ settings, credentials })).toThrow(/api_v2_key/);
});

test('a reversal by v2 towards the wallet itself is not sent without a certificate', async () => {
  const { account } = on.accountOf('direct', {
    payer_codes: 'v2',
    endpoint: 'https://wallet.invalid',
  });
  const { certificate: _none, ...credentials } = account.credentials;
  const bare = { ...account, id: 'wac_bare', credentials };
  const outcome = await codes().reverse(bare, charge());
  expect(outcome).toMatchObject({ kind: 'refused', message: expect.stringMatching(/certificate/) });
  expect(outcome.trace.http_status).toBeUndefined();
});

test('sockets with a certificate show it to the other side', async () => {
  const days = { not_before: new Date(Date.now() - 1000), not_after: new Date(Date.now() + 1e8) };
  const root = await issueCertificate({ subject: { CN: 'root' }, serial: '01', ...days });
  const [server, client] = await Promise.all(
    ['localhost', '1900000001'].map((CN, index) =>
      issueCertificate({ subject: { CN }, issuer: root, serial: `0${index + 2}`, ...days }),
    ),
  );
  if (!server || !client) throw new Error('no certificates');
  const wallet = createServer(
    { cert: server.certificate, key: server.private_key, ca: root.certificate, requestCert: true },
    (request, response) => {
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN);
    },
  );
  await new Promise<void>((resolve) => wallet.listen(0, '127.0.0.1', resolve));
  const { port } = wallet.address() as AddressInfo;
  const { certificate: cert, private_key: key } = client;
  const outbound = new Outbound({ tls: { cert, key, ca: root.certificate } });
  const answer = await outbound.send({
    method: 'POST',
    url: `https://localhost:${port}/secapi/pay/reverse`,
    headers: {},
    timeout_ms: 2000,
    max_answer_bytes: 1000,
  });
  expect(answer.body.toString()).toBe('1900000001');
  outbound.stop();
  await new Promise((resolve) => wallet.close(resolve));
});
