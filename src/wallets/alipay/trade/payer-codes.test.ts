import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../../sandbox/faults.ts';
import type { ChargeOrder, PayerCodes } from '../../products/payer-codes.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type Bench, openBench } from '../testing.ts';

/** Charges by payer code through the connector, by gateway.do and by OpenAPI v3. */
let bench: Bench;
let codes: PayerCodes;

beforeAll(async () => {
  bench = await openBench();
  if (!bench.wallet.payerCodes) throw new Error('no payer codes');
  codes = bench.wallet.payerCodes;
});

afterAll(() => bench.stop());

beforeEach(async () => {
  await bench.renew();
  bench.world.faults.set([]);
});

const shown = (person = 'lin') => bench.world.sandbox.payerCode(person).code;

function order(changes: Partial<ChargeOrder> = {}): ChargeOrder {
  return {
    wallet_reference: bench.reference,
    amount: 1234n,
    currency: 'CNY',
    description: '早餐 / 2',
    payer_code: shown(),
    device: '收银台 POS-1',
    client_ip: '127.0.0.1',
    notify_url: bench.merchant.url,
    ...changes,
  };
}

function strike(fault: Fault, operation = 'alipay.trade.pay'): void {
  bench.world.faults.set([{ fault, probability: 1, remaining: 1, operation }]);
}

test('knows its own codes by prefix and length', () => {
  for (const code of ['2512345678901234', '301234567890123456', '28'.padEnd(24, '9')]) {
    expect(codes.matches(code)).toBe(true);
  }
  for (const code of ['134567890123456789', '6212345678901234567', '2412345678901234', '28a', '']) {
    expect(codes.matches(code)).toBe(false);
  }
});

describe.each(['gateway', 'v3'] as const)('by %s', (protocol) => {
  let account: WalletAccount;

  beforeAll(() => {
    account = bench.accountWith({ settings: { protocol } });
  });

  test('a charge is a paid fact, and sent again tells the same', async () => {
    const asked = order();
    for (let copy = 0; copy < 2; copy += 1) {
      expect(await codes.charge(account, asked)).toMatchObject({
        kind: 'fact',
        fact: { state: 'paid', amount: 1234n, payer_paid: 1234n, currency: 'CNY' },
      });
    }
    const shown = JSON.stringify((await codes.charge(account, asked)).trace);
    expect(shown).not.toContain(asked.payer_code);
  });

  test('a charge that waits for the password is decided by a query', async () => {
    const asked = order({ amount: 100_001n });
    expect((await codes.charge(account, asked)).kind).toBe('needs_payer');
    const waiting = await bench.wallet.queryPayment(account, bench.reference);
    expect(waiting).toMatchObject({ kind: 'fact', fact: { state: 'waiting' } });
    const [prompt] = bench.world.sandbox.prompts('lin');
    await bench.world.sandbox.answerPrompt(prompt?.id ?? '', 'pay');
    const paid = await bench.wallet.queryPayment(account, bench.reference);
    expect(paid).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 100_001n } });
  });

  test('refusals say what it is about', async () => {
    const unknown = await codes.charge(account, order({ payer_code: '280000000000000000' }));
    expect(unknown).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    bench.world.faults.set([{ fault: 'payer_short', probability: 1, remaining: 1 }]);
    const short = await codes.charge(account, order());
    expect(short).toMatchObject({ kind: 'refused', code: 'insufficient_funds' });
    expect(await codes.reverse(account, order())).toMatchObject({
      kind: 'reversed',
      money_returned: false,
    });
    const closed = await codes.charge(account, order());
    expect(closed).toMatchObject({ kind: 'refused', code: 'already_closed' });
  });

  test.each(['error_after_effect', 'error_before_effect'] as const)(
    '%s is unknown; the reversal ends it, and the money is where it was',
    async (fault) => {
      const before = bench.world.sandbox.balance('lin');
      const asked = order();
      strike(fault);
      expect((await codes.charge(account, asked)).kind).toBe('unknown');
      const done = fault === 'error_after_effect';
      expect(bench.world.sandbox.balance('lin')).toBe(done ? before - 1234n : before);
      const reversed = await codes.reverse(account, asked);
      expect(reversed).toMatchObject(
        done ? { kind: 'reversed', money_returned: true } : { kind: 'not_found' },
      );
      expect(bench.world.sandbox.balance('lin')).toBe(before);
    },
  );

  test('a reversal that the wallet wants once more says so', async () => {
    const asked = order();
    await codes.charge(account, asked);
    strike('merchant_short', 'alipay.trade.refund');
    expect((await codes.reverse(account, asked)).kind).toBe('again');
    expect(await codes.reverse(account, asked)).toMatchObject({
      kind: 'reversed',
      money_returned: true,
    });
    strike('error_before_effect', 'alipay.trade.cancel');
    expect((await codes.reverse(account, asked)).kind).toBe('unknown');
  });
});

describe('what the payer’s app is handed', () => {
  test('an order string, signed here', async () => {
    const created = await bench.wallet.createPayment(
      bench.account,
      bench.order({ presentation: 'app' }),
    );
    if (created.kind !== 'presented' || created.presentation.kind !== 'app') {
      throw new Error(created.kind);
    }
    expect(created.trace.http_status).toBeUndefined();
    await bench.payWith(created.presentation.params['order_string'] ?? '');
    const paid = await bench.wallet.queryPayment(bench.account, bench.reference);
    expect(paid).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
  });

  test('a trade of a mini program, bound to its payer', async () => {
    const without = await bench.wallet.createPayment(
      bench.account,
      bench.order({ presentation: 'mini_program' }),
    );
    expect(without).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const { payer } = await paidFact();
    await bench.renew();
    const created = await bench.wallet.createPayment(
      bench.account,
      bench.order({ presentation: 'mini_program', payer }),
    );
    expect(created).toMatchObject({ presentation: { kind: 'mini_program' } });
    const trade =
      created.kind === 'presented' && 'params' in created.presentation
        ? (created.presentation.params['tradeNO'] ?? '')
        : '';
    await expect(bench.world.sandbox.scan('chen', trade)).rejects.toThrow('other_payer');
    await bench.payWith(trade);
  });

  async function paidFact(): Promise<{ payer: string }> {
    const charged = await codes.charge(bench.account, order());
    if (charged.kind !== 'fact' || !charged.fact.payer) throw new Error(charged.kind);
    return { payer: charged.fact.payer };
  }
});

test('coupons are read by who funds them, from answer, query and notification', async () => {
  for (const funder of ['wallet', 'merchant', 'other']) {
    const action = bench.world.sandbox.actions.find(({ name }) => name === 'coupons/give');
    await action?.run({ person: 'chen', amount: 100, funder });
  }
  await bench.world.sandbox.setBalance('chen', 10_000n);
  const charged = await codes.charge(bench.account, order({ payer_code: shown('chen') }));
  const expected = {
    amount: 1234n,
    payer_paid: 934n,
    coupons: { wallet_funded: 100n, merchant_funded: 100n, other_funded: 100n },
  };
  expect(charged).toMatchObject({ kind: 'fact', fact: expected });
  const asked = await bench.wallet.queryPayment(bench.account, bench.reference);
  expect(asked).toMatchObject({ kind: 'fact', fact: expected });
  const told = [];
  for (const { headers, body } of await bench.merchant.hears(1)) {
    const raw = {
      headers: { ...headers } as Record<string, string>,
      body,
      received_at: new Date(),
    };
    told.push(await bench.wallet.verifyNotification(bench.account, raw));
  }
  expect(told).toContainEqual(
    expect.objectContaining({
      kind: 'verified',
      content: { about: 'payment', fact: expect.objectContaining(expected) },
    }),
  );
});
