import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { type PaidOrder, poll } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import { pay } from '../../../sandbox/wechat-pay/testing.ts';
import type { Advances } from '../../products/advances.ts';
import type { SellerFunds, Withdrawal } from '../../products/seller-funds.ts';
import type { Splits } from '../../products/splits.ts';
import type { Subsidies, Subsidy } from '../../products/subsidies.ts';
import type { CreateOrder, RefundOrder, WalletAccount } from '../../wallet.ts';
import { type ConnectorBench, openConnectorBench } from '../testing.ts';

/** A platform's own money beside its sellers': subsidies, advances, balances, withdrawals. */
let bench: ConnectorBench;
let account: WalletAccount;
let platform: string;
let seller: string;
let products: Required<Products>;

interface Products {
  subsidies?: Subsidies;
  advances?: Advances;
  sellerFunds?: SellerFunds;
  splits?: Splits;
}

beforeAll(async () => {
  bench = await openConnectorBench();
  const { subsidies, advances, sellerFunds, splits } = bench.wallet;
  if (!subsidies || !advances || !sellerFunds || !splits) throw new Error('products are missing');
  products = { subsidies, advances, sellerFunds, splits };
  account = bench.walletAccount('platform');
  platform = bench.merchant('platform').mchid;
  seller = bench.seller('platform');
  const receiver = { kind: 'merchant', account: platform, name: '胡同平台' } as const;
  await splits.addReceiver(account, receiver);
  // What the platform earned and the seller was given before.
  const order = await ripe({ total: 200_000 });
  await splits.split(account, {
    ...ofPayment(order),
    split_reference: newWalletReference(0),
    parts: [{ ...receiver, amount: 50_000n, description: '佣金' }],
    release_rest: true,
  });
  await vi.waitFor(() => expect(bench.account(seller).held).toBe(0n), { timeout: 5_000 });
});
afterAll(() => bench.stop());

async function ripe(more: Parameters<ConnectorBench['paid']>[1] = {}): Promise<PaidOrder> {
  const order = await bench.paid('platform', more);
  bench.wait(30_000);
  return order;
}

const ofPayment = (order: PaidOrder) => ({
  wallet_reference: order.out_trade_no,
  wallet_transaction_id: order.transaction_id,
  sub_merchant: order.seller,
});

function refundOf(order: PaidOrder, amount: bigint, advance = false): RefundOrder {
  return {
    wallet_reference: order.out_trade_no,
    refund_reference: newWalletReference(0),
    amount,
    payment_amount: BigInt(order.total),
    currency: 'CNY',
    reason: '退货',
    notify_url: bench.shop.notify_url,
    sub_merchant: order.seller,
    ...(advance ? { advance } : {}),
  };
}

const codeOf = (outcome: { kind: string; code?: string }) => outcome.code ?? outcome.kind;

/** The wallet acts and the connector never hears of it. */
async function lost<T>(operation: string, work: () => Promise<T>): Promise<T> {
  const setting = { probability: 1, remaining: 1, operation };
  bench.running.faults.set([{ fault: 'error_after_effect', ...setting }]);
  const outcome = await work();
  bench.running.faults.set([]);
  return outcome;
}

describe('a subsidy', () => {
  const subsidyOf = (order: PaidOrder, amount: bigint): Subsidy => ({
    wallet_transaction_id: order.transaction_id,
    sub_merchant: order.seller,
    amount,
    description: '平台券 🍵',
  });

  test('goes from the platform to the seller’s held money, once', async () => {
    const order = await ripe({ subsidy: 600 });
    const before = bench.everything();
    const [mine, theirs] = [bench.account(platform), bench.account(seller)];
    const subsidy = subsidyOf(order, 600n);
    const given = await lost('ecommerce.subsidy', () =>
      products.subsidies.create(account, subsidy),
    );
    expect(given.kind).toBe('unknown');
    expect(await products.subsidies.create(account, subsidy)).toMatchObject({
      kind: 'fact',
      fact: { state: 'succeeded', amount: 600n, given_at: expect.any(Date) },
    });
    expect(bench.account(platform).balance).toBe(mine.balance - 600n);
    expect(bench.account(seller)).toEqual({
      balance: theirs.balance + 600n,
      held: theirs.held + 600n,
    });
    expect(bench.everything()).toBe(before);
    const other = await products.subsidies.create(account, { ...subsidy, amount: 500n });
    expect(codeOf(other)).toBe('reference_reused');
  });

  test('needs to be announced, and is no more than that', async () => {
    const plain = subsidyOf(await ripe(), 1n);
    expect(codeOf(await products.subsidies.create(account, plain))).toBe('invalid_request');
    const much = subsidyOf(await ripe({ subsidy: 700 }), 701n);
    expect(codeOf(await products.subsidies.create(account, much))).toBe('invalid_request');
    const foreign = { ...much, amount: 1n, sub_merchant: bench.seller('partner') };
    expect(codeOf(await products.subsidies.create(account, foreign))).toBe('not_permitted');
    const direct = await products.subsidies.create(bench.walletAccount('direct'), much);
    expect(direct).toMatchObject({ kind: 'refused', trace: { duration_ms: 0 } });
  });

  test('announced by an order of the connector’s can be given', async () => {
    const wallet_reference = newWalletReference(0);
    const order: CreateOrder = {
      wallet_reference,
      amount: 8_800n,
      currency: 'CNY',
      description: '龙井茶',
      presentation: 'qr',
      notify_url: bench.shop.notify_url,
      return_url: 'http://127.0.0.1:9/back',
      expires_at: new Date(bench.running.clock.now().getTime() + 3_600_000),
      client_ip: '127.0.0.1',
      sub_merchant: seller,
      hold: true,
      max_subsidy: 300n,
    };
    const made = await bench.wallet.createPayment(account, order);
    if (made.kind !== 'presented' || made.presentation.kind !== 'qr') throw new Error(made.kind);
    await pay(bench.running, made.presentation.qr);
    const asked = await bench.wallet.queryPayment(account, wallet_reference, seller);
    const transaction = asked.kind === 'fact' ? asked.fact.wallet_transaction_id : undefined;
    const wish = { sub_merchant: seller, amount: 300n, description: '券' };
    const given = await products.subsidies.create(account, {
      ...wish,
      wallet_transaction_id: transaction ?? '',
    });
    expect(given).toMatchObject({ kind: 'fact', fact: { amount: 300n } });
  });

  test('comes back beside a refund, once and no more than was given', async () => {
    const order = await ripe({ subsidy: 500 });
    await products.subsidies.create(account, subsidyOf(order, 500n));
    const asked = refundOf(order, 5_000n);
    const refund = await bench.wallet.refund(account, asked);
    const wallet_refund_id = refund.kind === 'fact' ? (refund.fact.wallet_refund_id ?? '') : '';
    await vi.waitFor(async () => {
      const now = await bench.wallet.queryRefund(account, asked);
      expect(now).toMatchObject({ kind: 'fact', fact: { state: 'succeeded' } });
    });
    const before = bench.everything();
    const back = {
      ...subsidyOf(order, 250n),
      return_reference: newWalletReference(0),
      wallet_refund_id,
    };
    const mine = bench.account(platform).balance;
    const first = await products.subsidies.giveBack(account, back);
    expect(first).toMatchObject({
      kind: 'fact',
      fact: { state: 'succeeded', amount: 250n, return_reference: back.return_reference },
    });
    const again = await products.subsidies.giveBack(account, back);
    expect(again.kind === 'fact' && again.fact).toEqual(first.kind === 'fact' && first.fact);
    expect(bench.account(platform).balance).toBe(mine + 250n);
    const more = { ...back, return_reference: newWalletReference(0), amount: 251n };
    expect(codeOf(await products.subsidies.giveBack(account, more))).toBe('invalid_request');
    expect(bench.everything()).toBe(before);
  });

  test('that is not wanted is cancelled, which frees the payment for splits', async () => {
    const order = await ripe({ subsidy: 500 });
    const split = {
      ...ofPayment(order),
      split_reference: newWalletReference(0),
      parts: [{ kind: 'merchant', account: platform, amount: 1n, description: '佣金' }],
      release_rest: false,
    } as const;
    expect((await products.splits.split(account, split)).kind).toBe('refused');
    const { amount: _, ...wish } = subsidyOf(order, 1n);
    expect((await products.subsidies.cancel(account, wish)).kind).toBe('cancelled');
    expect((await products.subsidies.cancel(account, wish)).kind).toBe('cancelled');
    expect((await products.splits.split(account, split)).kind).toBe('fact');
    await poll(() => products.splits.querySplit(account, split)).toMatchObject({
      fact: { state: 'finished' },
    });
    const late = await products.subsidies.create(account, subsidyOf(order, 1n));
    expect(late.kind).toBe('refused');
  });
});

describe('a refund that the platform advances', () => {
  test('leaves the seller’s money alone until it is given back, once', async () => {
    const order = await ripe();
    const before = { mine: bench.account(platform), theirs: bench.account(seller) };
    const all = bench.everything();
    const refund = refundOf(order, 3_000n, true);
    const outcome = await bench.wallet.refund(account, refund);
    expect(outcome).toMatchObject({ kind: 'fact', fact: { advanced: 3_000n, amount: 3_000n } });
    await poll(() => bench.wallet.queryRefund(account, refund)).toMatchObject({
      fact: { state: 'succeeded', advanced: 3_000n },
    });
    expect(bench.account(platform).balance).toBe(before.mine.balance - 3_000n);
    expect(bench.account(seller).held).toBe(before.theirs.held);
    const wallet_refund_id = outcome.kind === 'fact' ? (outcome.fact.wallet_refund_id ?? '') : '';
    const advance = { wallet_refund_id, sub_merchant: seller };
    expect((await products.advances.query(account, advance)).kind).toBe('not_found');
    const unheard = await lost('ecommerce.advance.return', () =>
      products.advances.giveBack(account, advance),
    );
    expect(unheard.kind).toBe('unknown');
    const given = { kind: 'fact', fact: { state: 'succeeded', amount: 3_000n } };
    expect(await products.advances.query(account, advance)).toMatchObject(given);
    expect(await products.advances.giveBack(account, advance)).toMatchObject(given);
    expect(bench.account(platform).balance).toBe(before.mine.balance);
    expect(bench.everything()).toBe(all);
  });

  test('is a platform’s only, and an ordinary refund has nothing to give back', async () => {
    const order = await ripe();
    const ordinary = await bench.wallet.refund(account, refundOf(order, 100n));
    const wallet_refund_id = ordinary.kind === 'fact' ? (ordinary.fact.wallet_refund_id ?? '') : '';
    const advance = { wallet_refund_id, sub_merchant: seller };
    expect(ordinary.kind === 'fact' && 'advanced' in ordinary.fact).toBe(false);
    expect((await products.advances.giveBack(account, advance)).kind).toBe('refused');
    const elsewhere = { ...advance, sub_merchant: bench.seller('platform', 1) };
    expect(codeOf(await products.advances.giveBack(account, elsewhere))).toBe('not_found');
    const { sub_merchant: _, ...direct } = refundOf(await bench.paid('direct'), 1n, true);
    const refused = { kind: 'refused', trace: { duration_ms: 0 } };
    expect(await bench.wallet.refund(bench.walletAccount('direct'), direct)).toMatchObject(refused);
    const partner = await products.advances.giveBack(bench.walletAccount('partner'), advance);
    expect(partner).toMatchObject(refused);
  });

  test('of more than was paid moves nothing', async () => {
    const order = await ripe();
    const before = [bench.account(platform), bench.account(seller)];
    const outcome = await bench.wallet.refund(account, refundOf(order, 10_001n, true));
    expect(codeOf(outcome)).toBe('over_refund');
    expect([bench.account(platform), bench.account(seller)]).toEqual(before);
  });
});

describe('balances and withdrawals', () => {
  const withdrawal = (amount: bigint, sub_merchant?: string): Withdrawal => ({
    withdrawal_reference: newWalletReference(0),
    amount,
    description: '货款 🍵',
    notify_url: bench.shop.notify_url,
    ...(sub_merchant === undefined ? {} : { sub_merchant }),
  });

  async function available(sub_merchant?: string): Promise<bigint> {
    const outcome = await products.sellerFunds.balance(account, sub_merchant);
    if (outcome.kind !== 'balance') throw new Error(JSON.stringify(outcome.trace));
    return outcome.balance.available;
  }

  test('say what is free and what is held, of a seller and of the platform', async () => {
    await ripe();
    const { balance, held } = bench.account(seller);
    expect(await products.sellerFunds.balance(account, seller)).toMatchObject({
      kind: 'balance',
      balance: { available: balance - held, pending: held },
    });
    expect(await available()).toBe(bench.account(platform).balance);
    const foreign = await products.sellerFunds.balance(account, bench.seller('partner'));
    expect(codeOf(foreign)).toBe('not_permitted');
    const direct = bench.walletAccount('direct');
    expect((await products.sellerFunds.balance(direct)).kind).toBe('balance');
    expect((await products.sellerFunds.balance(direct, seller)).kind).toBe('refused');
  });

  test.each([['a seller’s'], ['the platform’s']])(
    '%s money leaves once, arrives, and is told',
    async (whose) => {
      const sub_merchant = whose === 'a seller’s' ? seller : undefined;
      const order = withdrawal(1_000n, sub_merchant);
      const { withdrawal_reference } = order;
      const before = await available(sub_merchant);
      const operation = sub_merchant === undefined ? 'withdraw' : 'ecommerce.withdraw';
      const sent = await lost(operation, () => products.sellerFunds.withdraw(account, order));
      expect(sent.kind).toBe('unknown');
      const pending = await products.sellerFunds.withdraw(account, order);
      expect(pending).toMatchObject({ kind: 'fact', fact: { state: 'pending', amount: 1_000n } });
      expect(await available(sub_merchant)).toBe(before - 1_000n);
      const changed = await products.sellerFunds.withdraw(account, { ...order, amount: 999n });
      expect(codeOf(changed)).toBe('reference_reused');
      bench.wait(5_000);
      expect(await products.sellerFunds.queryWithdrawal(account, order)).toMatchObject({
        kind: 'fact',
        fact: { state: 'succeeded', amount: 1_000n, wallet_merchant: platform },
      });
      const id = pending.kind === 'fact' ? pending.fact.wallet_withdrawal_id : '';
      await bench.act('withdrawals/decide', { withdraw_id: id, status: 'REFUND' });
      const asked = await products.sellerFunds.queryWithdrawal(account, order);
      const returned = { withdrawal_reference, state: 'returned', reason: '银行退票' };
      expect(asked).toMatchObject({ fact: returned });
      expect(await available(sub_merchant)).toBe(before);
      const facts = async () =>
        (await bench.told('platform', 'withdrawal')).map(({ fact }) => fact);
      await poll(facts).toContainEqual(expect.objectContaining(returned));
      expect(await facts()).toContainEqual(
        expect.objectContaining({ withdrawal_reference, state: 'succeeded' }),
      );
    },
  );

  test('more than is free, of a stranger, or unknown, is refused as such', async () => {
    const { sellerFunds } = products;
    const much = withdrawal(9_000_000n, seller);
    expect(codeOf(await sellerFunds.withdraw(account, much))).toBe('insufficient_funds');
    const foreign = withdrawal(1n, bench.seller('partner'));
    expect(codeOf(await sellerFunds.withdraw(account, foreign))).toBe('not_permitted');
    expect(await sellerFunds.withdraw(bench.walletAccount('direct'), withdrawal(1n))).toMatchObject(
      {
        kind: 'refused',
        trace: { duration_ms: 0 },
      },
    );
    expect((await sellerFunds.queryWithdrawal(account, much)).kind).toBe('not_found');
  });
});
