import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FaultSetting } from '../../sandbox/faults.ts';
import { type Bench, openBench } from './testing.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

beforeEach(() => bench.renew());

afterEach(() => faults());

afterAll(() => bench.stop());

function faults(...settings: FaultSetting[]): void {
  bench.world.faults.set(settings);
}

describe('createPayment', () => {
  test('a code makes no trade until it is scanned; then the payment is a fact', async () => {
    const code = await bench.presentedCode();
    expect(code).toMatch(/^https:\/\/qr\.alipay\.com\/bax/);
    expect((await bench.wallet.queryPayment(bench.account, bench.reference)).kind).toBe(
      'not_found',
    );
    expect((await bench.wallet.closePayment(bench.account, bench.reference)).kind).toBe(
      'not_found',
    );
    const scanned = await bench.world.sandbox.scan('lin', code);
    const waiting = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(waiting).toMatchObject({ kind: 'fact', fact: { state: 'waiting', amount: 1234n } });
    await bench.world.sandbox.confirm(scanned.id, 'pay');
    const paid = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(paid).toMatchObject({
      kind: 'fact',
      fact: {
        state: 'paid',
        wallet_reference: bench.reference,
        amount: 1234n,
        currency: 'CNY',
        payer_paid: 1234n,
        wallet_merchant: bench.wallet.merchantNumber(bench.account),
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
    const outcome = await bench.wallet.createPayment(
      bench.account,
      bench.order({ presentation: kind }),
    );
    expect(outcome).toMatchObject({ kind: 'presented', presentation: { kind } });
    expect(outcome.trace.http_status).toBeUndefined();
    const url =
      outcome.kind === 'presented' && outcome.presentation.kind === kind
        ? outcome.presentation.url
        : '';
    expect((await bench.wallet.queryPayment(bench.account, bench.reference)).kind).toBe(
      'not_found',
    );
    await bench.payWith(url);
    const paid = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(paid).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1234n } });
  });

  test('an in-app payment needs its payer and is bound to them', async () => {
    const refused = await bench.wallet.createPayment(
      bench.account,
      bench.order({ presentation: 'in_app' }),
    );
    expect(refused).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const { payerLogin } = bench.wallet;
    if (!payerLogin) throw new Error('Alipay has a login');
    const authorize = payerLogin.authorizeUrl(bench.account, {
      redirect_url: 'http://127.0.0.1/back',
      state: 's1',
    });
    const redirect = await fetch(`${authorize}&person=chen`, { redirect: 'manual' });
    const back = new URL(redirect.headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s1');
    const once = back.searchParams.get(payerLogin.code_parameter) ?? '';
    const payer = await payerLogin.exchangeCode(bench.account, once);
    expect(payer).toBeTruthy();
    expect(await payerLogin.exchangeCode(bench.account, once)).toBeUndefined();
    const trade = await bench.presentedCode({ presentation: 'in_app', payer: payer ?? '' });
    await expect(bench.world.sandbox.scan('lin', trade)).rejects.toThrow('other_payer');
    await bench.payWith(trade, 'chen');
    const paid = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(paid).toMatchObject({ kind: 'fact', fact: { state: 'paid', payer } });
  });

  test('the same order again is the same code, another order under its number is refused', async () => {
    const code = await bench.presentedCode();
    expect(await bench.presentedCode()).toBe(code);
    const other = await bench.wallet.createPayment(bench.account, bench.order({ amount: 1235n }));
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    await bench.payWith(code);
    const late = await bench.wallet.createPayment(bench.account, bench.order());
    expect(late).toMatchObject({ kind: 'refused', code: 'already_paid' });
  });

  test('the order dies at its expiry on the business clock', async () => {
    const code = await bench.presentedCode();
    await bench.world.sandbox.scan('lin', code);
    bench.world.clock.advance(31 * 60_000);
    const closed = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(closed).toMatchObject({ kind: 'fact', fact: { state: 'closed' } });
    await expect(bench.world.sandbox.scan('lin', code)).rejects.toThrow('order_closed');
  });

  test('an unreachable wallet refuses a creation and leaves every other question open', async () => {
    const nowhere = bench.accountWith({ settings: { gateway: 'http://127.0.0.1:9/gateway.do' } });
    const created = await bench.wallet.createPayment(nowhere, bench.order());
    expect(created).toMatchObject({ kind: 'refused', code: 'wallet_error' });
    expect(created.kind === 'refused' && created.message).toContain('unreachable');
    expect((await bench.wallet.queryPayment(nowhere, bench.reference)).kind).toBe('unknown');
    expect((await bench.wallet.closePayment(nowhere, bench.reference)).kind).toBe('unknown');
    expect((await bench.wallet.refund(nowhere, bench.refundOf(1n, 'R1'))).kind).toBe('unknown');
  });
});

describe('closePayment', () => {
  test('a scanned order closes for good, a closed one stays closed', async () => {
    const code = await bench.presentedCode();
    await bench.world.sandbox.scan('lin', code);
    expect((await bench.wallet.closePayment(bench.account, bench.reference)).kind).toBe('closed');
    expect((await bench.wallet.closePayment(bench.account, bench.reference)).kind).toBe('closed');
    await expect(bench.world.sandbox.scan('lin', code)).rejects.toThrow('order_closed');
  });

  test('a paid order cannot be closed, refunded or not', async () => {
    await bench.payWith(await bench.presentedCode());
    expect((await bench.wallet.closePayment(bench.account, bench.reference)).kind).toBe(
      'already_paid',
    );
    await bench.wallet.refund(bench.account, bench.refundOf(1234n, `R${bench.reference}`));
    expect((await bench.wallet.closePayment(bench.account, bench.reference)).kind).toBe(
      'already_paid',
    );
    const after = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(after).toMatchObject({ kind: 'fact', fact: { state: 'refunded', amount: 1234n } });
  });
});

describe('refund', () => {
  test('a refund moves money once, however often it is sent', async () => {
    await bench.payWith(await bench.presentedCode());
    const before = bench.world.sandbox.balance('lin');
    for (let copy = 0; copy < 3; copy += 1) {
      const outcome = await bench.wallet.refund(
        bench.account,
        bench.refundOf(234n, `A${bench.reference}`),
      );
      expect(outcome).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 234n } });
    }
    expect(bench.world.sandbox.balance('lin')).toBe(before + 234n);
    const other = await bench.wallet.refund(
      bench.account,
      bench.refundOf(235n, `A${bench.reference}`),
    );
    expect(other).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    const over = await bench.wallet.refund(
      bench.account,
      bench.refundOf(1001n, `B${bench.reference}`),
    );
    expect(over).toMatchObject({ kind: 'refused', code: 'over_refund' });
    const found = await bench.wallet.queryRefund(bench.account, {
      wallet_reference: bench.reference,
      refund_reference: `A${bench.reference}`,
    });
    expect(found).toMatchObject({ kind: 'fact', fact: { state: 'succeeded', amount: 234n } });
    expect(found.kind === 'fact' && found.fact.refunded_at).toBeInstanceOf(Date);
    const none = await bench.wallet.queryRefund(bench.account, {
      wallet_reference: bench.reference,
      refund_reference: `B${bench.reference}`,
    });
    expect(none.kind).toBe('not_found');
    const still = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(still).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
  });

  test('an unpaid or unknown order refunds nothing', async () => {
    const unknown = await bench.wallet.refund(
      bench.account,
      bench.refundOf(1n, `A${bench.reference}`),
    );
    expect(unknown).toMatchObject({ kind: 'refused', code: 'not_found' });
    await bench.world.sandbox.scan('lin', await bench.presentedCode());
    const unpaid = await bench.wallet.refund(
      bench.account,
      bench.refundOf(1n, `A${bench.reference}`),
    );
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
    expect((await bench.wallet.createPayment(bench.account, bench.order())).kind).toBe('unknown');
    await bench.payWith(await bench.presentedCode());
    faults({ fault, probability: 1, remaining: 1, operation: REFUND });
    const before = bench.world.sandbox.balance('lin');
    const asked = bench.refundOf(1234n, `A${bench.reference}`);
    expect((await bench.wallet.refund(bench.account, asked)).kind).toBe('unknown');
    const effect = fault.endsWith('after_effect');
    expect(bench.world.sandbox.balance('lin')).toBe(effect ? before + 1234n : before);
    expect((await bench.wallet.queryRefund(bench.account, asked)).kind).toBe(
      effect ? 'fact' : 'not_found',
    );
    expect((await bench.wallet.refund(bench.account, asked)).kind).toBe('fact');
    expect(bench.world.sandbox.balance('lin')).toBe(before + 1234n);
  });

  test('a query or a close without an answer is unknown', async () => {
    await bench.presentedCode();
    faults({ fault: 'timeout_before_effect', probability: 1 });
    expect((await bench.wallet.queryPayment(bench.account, bench.reference)).kind).toBe('unknown');
    faults({ fault: 'error_before_effect', probability: 1 });
    expect((await bench.wallet.closePayment(bench.account, bench.reference)).kind).toBe('unknown');
  });

  test('lost, delayed and duplicated notifications follow the dial', async () => {
    faults({ fault: 'notification_lost', probability: 1, remaining: 1 });
    await bench.payWith(await bench.presentedCode());
    expect(bench.world.sandbox.pendingNotifications()).toBe(0);
    faults({ fault: 'notification_duplicated', probability: 1, remaining: 1, copies: 2 });
    await bench.wallet.refund(bench.account, bench.refundOf(34n, `A${bench.reference}`));
    const bodies = (await bench.merchant.hears(3)).map(({ body }) => body.toString('utf8'));
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
    const lied = bench.accountWith({
      settings: { gateway: `http://127.0.0.1:${port}/gateway.do` },
    });
    for (answer of answers) {
      expect((await bench.wallet.createPayment(lied, bench.order())).kind).toBe('unknown');
    }
    liar.closeAllConnections();
    liar.close();
  });
});
