import { describe, expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import { type BillLine, billDate } from '../../src/wallets/products/bills.ts';
import type { CombinedOrder } from '../../src/wallets/products/combined.ts';
import type { ChargeOrder } from '../../src/wallets/products/payer-codes.ts';
import type { WalletAccount, WalletName } from '../../src/wallets/wallet.ts';
import { until } from './merchant.ts';
import { type At, paidOrder, sandboxOf } from './payments.ts';
import type { Stage } from './stage.ts';

/** Products that not every wallet has, each under the kind of merchant that may use it. */
type Product = 'payerCodes' | 'combined' | 'payouts' | 'bills';

const ROLES: Readonly<Partial<Record<WalletName, Partial<Record<Product, string>>>>> = {
  wechat_pay: { combined: 'platform' },
  alipay: { payouts: 'certificate' },
};
const DAY_MS = 86_400_000;
export const PERSON = 'chen-yu';

interface Merchant {
  readonly account: WalletAccount;
  readonly sub_merchants: readonly string[];
}

export function merchantFor(stage: Stage, product: Product): Merchant {
  const role = ROLES[stage.wallet.name]?.[product];
  const found = role === undefined ? undefined : sandboxOf(stage).accountOf(role);
  if (role !== undefined && !found) throw new Error(`${stage.wallet.name} has no ${role}`);
  return found ?? { account: stage.account, sub_merchants: [] };
}

export function need<T>(product: T | undefined): T {
  if (product === undefined) throw new Error('the wallet has no such product');
  return product;
}

function chargeOrder(stage: Stage, more: Partial<ChargeOrder> = {}): ChargeOrder {
  const { wallet_reference, notify_url } = stage.order();
  return {
    wallet_reference,
    amount: 4321n,
    currency: 'CNY',
    description: '早餐',
    payer_code: sandboxOf(stage).recorder.private(
      'payer code',
      sandboxOf(stage).side.payerCode(PERSON).code,
    ),
    device: 'POS-1',
    client_ip: '127.0.0.1',
    notify_url,
    ...more,
  };
}

export function payerCodeContract(at: At): void {
  test('a payer code is charged once, and read as one of this wallet', async () => {
    const stage = at();
    const codes = need(stage.wallet.payerCodes);
    const { account } = merchantFor(stage, 'payerCodes');
    const order = chargeOrder(stage);
    expect(codes.matches(order.payer_code)).toBe(true);
    const outcome = await codes.charge(account, order);
    expect(outcome).toMatchObject({
      kind: 'fact',
      fact: { state: 'paid', amount: order.amount, wallet_reference: order.wallet_reference },
    });
    const again = await codes.charge(account, {
      ...chargeOrder(stage),
      payer_code: order.payer_code,
    });
    expect(again.kind).toBe('refused');
  });

  test('one that nobody shows is refused, and a dear one waits for the password', async () => {
    const stage = at();
    const codes = need(stage.wallet.payerCodes);
    const { account } = merchantFor(stage, 'payerCodes');
    const { side } = sandboxOf(stage);
    const wrong = chargeOrder(stage);
    const turned = wrong.payer_code.replace(/\d{3}$/, (end) => (end === '000' ? '111' : '000'));
    expect((await codes.charge(account, { ...wrong, payer_code: turned })).kind).toBe('refused');
    const order = chargeOrder(stage, { amount: 200_000n });
    expect((await codes.charge(account, order)).kind).toBe('needs_payer');
    const [prompt] = side.prompts(PERSON);
    expect(prompt?.amount).toBe(order.amount);
    await side.answerPrompt(prompt?.id ?? '', 'pay');
    const asked = await stage.wallet.queryPayment(account, order.wallet_reference);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: order.amount } });
  });

  test('an undecided charge is ended by a reversal, after which nobody pays', async () => {
    const stage = at();
    const codes = need(stage.wallet.payerCodes);
    const { account } = merchantFor(stage, 'payerCodes');
    const { side } = sandboxOf(stage);
    const had = side.balance(PERSON);
    const order = chargeOrder(stage, { amount: 200_000n });
    expect((await codes.charge(account, order)).kind).toBe('needs_payer');
    await until('the reversal', async () => {
      sandboxOf(stage).advance(20_000);
      const { kind } = await codes.reverse(account, order);
      return kind === 'reversed' ? kind : undefined;
    });
    const open = side.prompts(PERSON).find(({ amount }) => amount === order.amount);
    if (open) await expect(side.answerPrompt(open.id, 'pay')).rejects.toThrow();
    expect(side.balance(PERSON)).toBe(had);
  });
}

export function combinedContract(at: At): void {
  test('several sellers’ parts are paid at once, or none', async () => {
    const stage = at();
    const combined = need(stage.wallet.combined);
    const { account, sub_merchants } = merchantFor(stage, 'combined');
    const { amount: _, ...order } = stage.order({ presentation: 'qr' });
    const parts = [1000n, 2000n, 3000n].map((amount, index) => ({
      wallet_reference: newWalletReference(0),
      amount,
      description: `第${index + 1}件`,
      ...(sub_merchants[index] === undefined ? {} : { sub_merchant: sub_merchants[index] }),
    }));
    const whole: CombinedOrder = { ...order, presentation: presentationOf(stage), parts };
    const outcome = await combined.create(account, whole);
    if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome));
    await sandboxOf(stage).pay(outcome.presentation);
    const asked = await combined.query(account, whole);
    if (asked.kind !== 'facts') throw new Error(JSON.stringify(asked));
    expect(asked.parts.map(({ state, amount }) => [state, amount])).toEqual(
      parts.map(({ amount }) => ['paid', amount]),
    );
    expect(new Set(asked.parts.map((part) => part.wallet_transaction_id)).size).toBe(3);
    expect((await combined.close(account, whole)).kind).toBe('already_paid');
  });
}

/** Alipay merges on pages only. */
function presentationOf({ wallet }: Stage): 'qr' | 'h5' {
  return wallet.name === 'alipay' ? 'h5' : 'qr';
}

export function payoutContract(at: At): void {
  test('a person receives a payout once, however often it is asked for', async () => {
    const stage = at();
    const payouts = need(stage.wallet.payouts);
    const { account } = merchantFor(stage, 'payouts');
    const sandbox = sandboxOf(stage);
    const had = sandbox.side.balance(PERSON);
    const order = {
      payout_reference: newWalletReference(0),
      amount: 1500n,
      currency: 'CNY',
      payee: await sandbox.payerId(PERSON, account),
      description: '退货补偿',
      notify_url: stage.merchant.notify_url,
    } as const;
    await payouts.pay(account, order);
    await payouts.pay(account, order);
    for (const { id } of sandbox.side.receivable(PERSON)) {
      await sandbox.side.answerTransfer(id, 'accept');
    }
    const fact = await until('the payout', async () => {
      const asked = await payouts.query(account, order.payout_reference);
      return asked.kind === 'fact' && asked.fact.state === 'succeeded' ? asked.fact : undefined;
    });
    expect(fact.amount ?? order.amount).toBe(order.amount);
    expect(sandbox.side.balance(PERSON)).toBe(had + order.amount);
    const other = await payouts.pay(account, { ...order, amount: 1501n });
    expect(other.kind).toBe('refused');
    const none = await payouts.query(account, newWalletReference(0));
    expect(['not_found', 'refused']).toContain(none.kind);
  });
}

export function billContract(at: At): void {
  test('the next day’s bill has every payment and refund of the day, to the fen', async () => {
    const stage = at();
    const bills = need(stage.wallet.bills);
    const { account } = merchantFor(stage, 'bills');
    const sandbox = sandboxOf(stage);
    const today = billDate(bills, sandbox.now());
    expect((await bills.fetch(account, { kind: 'payments', date: today })).kind).not.toBe('bill');
    const { order, fact } = await paidOrder(stage, { amount: 9_876n });
    const refund = {
      wallet_reference: order.wallet_reference,
      wallet_transaction_id: fact.wallet_transaction_id ?? '',
      refund_reference: newWalletReference(0),
      amount: 876n,
      payment_amount: order.amount,
      currency: 'CNY',
      reason: '少件',
      notify_url: order.notify_url,
    } as const;
    expect((await stage.wallet.refund(account, refund)).kind).toBe('fact');
    sandbox.advance(DAY_MS + 12 * 3_600_000);
    const fetched = await bills.fetch(account, { kind: 'payments', date: today });
    if (fetched.kind !== 'bill') throw new Error(JSON.stringify(fetched));
    const lines: BillLine[] = [];
    for await (const line of fetched.bill.lines()) lines.push(line);
    await fetched.bill.dispose();
    const ours = lines
      .flatMap((line) => (line.kind === 'payment' || line.kind === 'refund' ? [line] : []))
      .filter((line) => line.wallet_reference === order.wallet_reference);
    expect(ours.map(({ kind, amount }) => [kind, amount]).sort()).toEqual([
      ['payment', 9_876n],
      ['refund', 876n],
    ]);
    expect(fetched.bill.summary()).toBeDefined();
  });
}

export function productContract(at: At, has: (product: Product) => boolean): void {
  const suites: readonly [Product, string, (at: At) => void][] = [
    ['payerCodes', 'payer codes', payerCodeContract],
    ['combined', 'combined orders', combinedContract],
    ['payouts', 'payouts', payoutContract],
    ['bills', 'bills', billContract],
  ];
  for (const [product, name, suite] of suites) {
    if (has(product)) describe(name, () => suite(at));
  }
}
