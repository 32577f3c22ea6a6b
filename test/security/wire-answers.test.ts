import { beforeAll, describe, expect, test } from 'vitest';
import type { Wallet, WalletAccount } from '../../src/wallets/wallet.ts';
import { SEED } from './fuzz-storm.ts';
import { Dice, mutated } from './fuzz-values.ts';
import {
  type Between,
  type Fields,
  type Mouth,
  mouthOf,
  standBetween,
  type Told,
  type Twist,
} from './wire/between.ts';
import { startWire, WIRE_FACTOR, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';

/**
 * Answers under the wallet's own signature that say what they must not, or were meant for another
 * call.
 */
interface Bench {
  readonly wire: Wire;
  readonly between: Between;
  readonly mouth: Mouth;
  readonly wallet: Wallet;
  readonly account: WalletAccount;
}
const benches = new Map<WireWallet, Bench>();

beforeAll(async () => {
  for (const name of WIRE_WALLETS) {
    const wire = await startWire(name);
    const between = await standBetween(wire);
    const account = wire.account({ url: between.url });
    const wallet = wire.connector();
    benches.set(name, { wire, between, mouth: mouthOf(wire), wallet, account });
  }
});

function benchOf(name: WireWallet): Bench {
  const bench = benches.get(name);
  if (!bench) throw new Error(`${name} did not start`);
  return bench;
}

async function during<T>({ between }: Bench, twist: Twist, act: () => Promise<T>): Promise<T> {
  between.twist = twist;
  return act().finally(() => {
    between.twist = undefined;
  });
}

/** The answer with other fields, signed anew. */
function saying({ mouth }: Bench, change: (fields: Fields) => Fields): Twist {
  return (told, asked) => mouth.say(change(mouth.read(told, asked)), told, asked);
}

const ORDER = {
  wechat_pay: 'out_trade_no',
  douyin_pay: 'out_trade_no',
  alipay: 'out_trade_no',
  union_pay: 'orderId',
} as const;
const MERCHANT = { wechat_pay: 'mchid', douyin_pay: 'mchid', union_pay: 'merId' } as const;
const STATE = {
  wechat_pay: 'trade_state',
  douyin_pay: 'trade_state',
  alipay: 'trade_status',
  union_pay: 'origRespCode',
} as const;

function withAmount(name: WireWallet, value: unknown): (fields: Fields) => Fields {
  return (fields) => {
    if (name === 'alipay') return { ...fields, total_amount: value };
    if (name === 'union_pay') return { ...fields, txnAmt: value };
    return { ...fields, amount: { ...Object(fields['amount']), total: value } };
  };
}

describe.each(WIRE_WALLETS)('a signed answer of %s', (name) => {
  const set = (field: string, value: unknown) => (fields: Fields) => ({
    ...fields,
    [field]: value,
  });

  test('that nobody changed is believed', async () => {
    const bench = benchOf(name);
    const order = await bench.wire.paid();
    const act = () => bench.wallet.queryPayment(bench.account, order.wallet_reference);
    expect(
      await during(
        bench,
        saying(bench, (fields) => fields),
        act,
      ),
    ).toMatchObject({
      kind: 'fact',
      fact: { state: 'paid', amount: 1234n, wallet_reference: order.wallet_reference },
    });
  });

  test('about another order or merchant decides nothing', async () => {
    const bench = benchOf(name);
    const order = await bench.wire.paid();
    const other = await bench.wire.paid();
    const act = () => bench.wallet.queryPayment(bench.account, order.wallet_reference);
    const changes = [
      set(ORDER[name], other.wallet_reference),
      set(ORDER[name], ''),
      set(ORDER[name], 7),
    ];
    if (name !== 'alipay')
      changes.push(set(MERCHANT[name], '777290058110099'), set(MERCHANT[name], ''));
    for (const change of changes) {
      expect((await during(bench, saying(bench, change), act)).kind).toBe('unknown');
    }
  });

  test('in a state that is none decides nothing', async () => {
    const bench = benchOf(name);
    const order = await bench.wire.paid();
    const act = () => bench.wallet.queryPayment(bench.account, order.wallet_reference);
    for (const state of [
      'PAID',
      'toString',
      '__proto__',
      'constructor',
      '',
      ' SUCCESS',
      1,
      null,
      ['SUCCESS'],
    ]) {
      const outcome = await during(bench, saying(bench, set(STATE[name], state)), act);
      const paid = outcome.kind === 'fact' && ['paid', 'refunded'].includes(outcome.fact.state);
      expect([state, paid ? 'paid' : 'not paid']).toEqual([state, 'not paid']);
    }
  });

  test('that says paid without a number of fen is not paid; another amount is told as it is', async () => {
    const bench = benchOf(name);
    const order = await bench.wire.paid();
    const act = () => bench.wallet.queryPayment(bench.account, order.wallet_reference);
    for (const amount of [
      undefined,
      null,
      -1,
      0.5,
      1e21,
      '-1',
      '1e3',
      '0x10',
      '١',
      '12.345',
      {},
      [1234],
      true,
      'NaN',
    ]) {
      const outcome = await during(bench, saying(bench, withAmount(name, amount)), act);
      expect([amount, outcome.kind]).toEqual([amount, 'unknown']);
    }
    const one = name === 'alipay' ? '0.01' : name === 'union_pay' ? '1' : 1;
    expect(await during(bench, saying(bench, withAmount(name, one)), act)).toMatchObject({
      kind: 'fact',
      fact: { amount: 1n },
    });
  });

  test('of another call is not this call’s', async () => {
    const bench = benchOf(name);
    const { between, wallet, account, wire } = bench;
    const order = await wire.paid();
    const other = (await wire.presented()).order;
    const refund = wire.refundOf(order);
    const second = wire.refundOf(order);
    const kept: { what: string; told: Told }[] = [];
    const keep = async (what: string, call: Promise<unknown>) => {
      await call;
      const last = between.heard.at(-1);
      if (last) kept.push({ what, told: last.told });
    };
    await keep('create', wallet.createPayment(account, wire.order()));
    await keep('query', wallet.queryPayment(account, order.wallet_reference));
    await keep('query of an open order', wallet.queryPayment(account, other.wallet_reference));
    await keep('refund', wallet.refund(account, refund));
    await keep('query refund', wallet.queryRefund(account, refund));
    await keep('nothing found', wallet.queryPayment(account, wire.order().wallet_reference));
    const open = (await wire.presented()).order;
    const wrong: string[] = [];
    for (const { what, told } of kept) {
      const replay: Twist = () => told;
      const closed = await during(bench, replay, () =>
        wallet.closePayment(account, open.wallet_reference),
      );
      if (['closed', 'already_paid'].includes(closed.kind))
        wrong.push(`${what} → close: ${closed.kind}`);
      const asked = await during(bench, replay, () =>
        wallet.queryPayment(account, open.wallet_reference),
      );
      if (asked.kind === 'fact') wrong.push(`${what} → query: ${asked.fact.state}`);
      const back = await during(bench, replay, () => wallet.queryRefund(account, second));
      if (back.kind === 'fact') wrong.push(`${what} → query refund: ${back.fact.state}`);
    }
    expect(wrong).toEqual([]);
  });
});

test('an answer of Alipay to the close of another order closes nothing', async () => {
  const bench = benchOf('alipay');
  const { between, wallet, account, wire } = bench;
  const references: string[] = [];
  for (let nth = 0; nth < 2; nth += 1) {
    const { order, code } = await wire.presented();
    // Only a code that was scanned has a trade.
    await wire.sandbox.scan('lin', code);
    references.push(order.wallet_reference);
  }
  const [first = '', second = ''] = references;
  expect((await wallet.closePayment(account, first)).kind).toBe('closed');
  const told = between.heard.at(-1)?.told;
  if (!told) throw new Error('nothing was answered');
  const replayed = () => wallet.closePayment(account, second);
  expect((await during(bench, () => told, replayed)).kind).toBe('unknown');
  expect((await wallet.queryPayment(account, second)).kind).toBe('fact');
});

test.each(WIRE_WALLETS)('a code of %s that every object has is no code', async (name) => {
  const bench = benchOf(name);
  const order = bench.wire.order();
  for (const code of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const act = () => bench.wallet.createPayment(bench.account, order);
    const twist: Twist = async (told, asked) => {
      const fields =
        name === 'union_pay'
          ? { ...bench.mouth.read(told, asked), respCode: code }
          : { code, sub_code: code, message: 'x', msg: 'x' };
      const said = await bench.mouth.say(fields, told, asked);
      return name === 'alipay' || name === 'union_pay' ? said : { ...said, status: 400 };
    };
    const outcome = await during(bench, twist, act);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'wallet_error' });
  }
});

const KINDS = {
  create: ['presented', 'refused', 'unknown'],
  query: ['fact', 'not_found', 'refused', 'unknown'],
  close: ['closed', 'already_paid', 'not_found', 'refused', 'unknown'],
  refund: ['fact', 'not_found', 'refused', 'unknown'],
} as const;

describe.each(WIRE_WALLETS)('whatever %s signs', (name) => {
  test('no connector throws, and no fact is of another shape or name', async () => {
    const bench = benchOf(name);
    const { wallet, account, wire } = bench;
    const order = await wire.paid();
    const asked = wire.refundOf(order);
    await wallet.refund(account, asked);
    const wrong: string[] = [];
    const started = performance.now();
    const cases = 25 * WIRE_FACTOR;
    for (let nth = 0; nth < cases; nth += 1) {
      const dice = new Dice(SEED + nth * 101);
      const twist = saying(bench, (fields) => ({ ...Object(mutated(dice, fields)) }));
      const fresh = wire.order();
      const calls: Record<keyof typeof KINDS, () => Promise<{ kind: string }>> = {
        create: () => wallet.createPayment(account, fresh),
        query: () => wallet.queryPayment(account, order.wallet_reference),
        close: () => wallet.closePayment(account, order.wallet_reference),
        refund: () => wallet.queryRefund(account, asked),
      };
      for (const [what, call] of Object.entries(calls)) {
        const said = await during(bench, twist, call).catch((error: unknown) => ({
          kind: `threw ${String(error)}`,
        }));
        const why = problemOf(what as keyof typeof calls, said, {
          order: order.wallet_reference,
          refund: asked.refund_reference,
        });
        if (why) wrong.push(`seed ${SEED} case ${nth} ${what}: ${why}`);
      }
    }
    expect(wrong).toEqual([]);
    expect((performance.now() - started) / cases / 4).toBeLessThan(1_000);
  });
});

function problemOf(
  what: keyof typeof KINDS,
  said: { kind: string; fact?: unknown },
  names: { order: string; refund: string },
): string | undefined {
  if (!(KINDS[what] as readonly string[]).includes(said.kind)) return said.kind;
  if (said.kind !== 'fact') return undefined;
  const fact = { ...(said.fact as Record<string, unknown>) };
  if (fact['wallet_reference'] !== names.order) return 'a fact about another order';
  if (what === 'refund' && fact['refund_reference'] !== names.refund) return 'about another refund';
  const { amount } = fact;
  if (amount !== undefined && (typeof amount !== 'bigint' || amount < 0n))
    return `amount ${String(amount)}`;
  for (const field of ['paid_at', 'refunded_at']) {
    const at = fact[field];
    if (at !== undefined && !(at instanceof Date && Number.isFinite(at.getTime())))
      return `${field} is no time`;
  }
  for (const field of [
    'payer',
    'wallet_transaction_id',
    'wallet_refund_id',
    'currency',
    'sub_merchant',
  ]) {
    const text = fact[field];
    if (text !== undefined && typeof text !== 'string') return `${field} is no text`;
  }
  return undefined;
}
