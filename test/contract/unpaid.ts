import { expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import type { CreateOrder, WalletTrace } from '../../src/wallets/wallet.ts';
import type { At } from './payments.ts';
import { needsPayer, type Stage } from './stage.ts';

/**
 * What can be asked of a wallet without a payer, so also of a real gateway: no money moves, orders
 * of one fen are opened and closed.
 */
const FEN = 1n;

export function unpaidContract(at: At): void {
  test('the credentials hold', async () => {
    const { wallet, account } = at();
    const checks = await wallet.checkCredentials(account);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.length).toBeGreaterThan(2);
  });

  test('every presentation that needs no payer is presented, unpaid, and closed', async () => {
    const stage = at();
    const { wallet, account } = stage;
    const kinds = wallet.capabilities.presentations.filter((kind) => !needsPayer(kind));
    expect(kinds.length).toBeGreaterThan(0);
    for (const presentation of kinds) {
      const order = stage.order({ presentation, amount: FEN });
      const outcome = await wallet.createPayment(account, order);
      expect([presentation, outcome.kind]).toEqual([presentation, 'presented']);
      const asked = await wallet.queryPayment(account, ...nameOf(order));
      if (asked.kind === 'fact') expect(asked.fact).toMatchObject({ state: 'waiting' });
      else expect([presentation, asked.kind]).toEqual([presentation, 'not_found']);
      const closed = await wallet.closePayment(account, ...nameOf(order));
      expect(['closed', 'not_found']).toContain(closed.kind);
    }
  });

  test('what nobody made is not found, and refunding it is refused', async () => {
    const stage = at();
    const { wallet, account } = stage;
    const order = stage.order();
    const { wallet_reference } = order;
    const refund_reference = newWalletReference(0);
    expect((await wallet.queryPayment(account, ...nameOf(order))).kind).toBe('not_found');
    const asked = await wallet.queryRefund(account, {
      ...sellerOf(order),
      wallet_reference,
      refund_reference,
    });
    expect(['not_found', 'refused']).toContain(asked.kind);
    const refund = await wallet.refund(account, {
      ...sellerOf(order),
      wallet_reference,
      refund_reference,
      amount: FEN,
      payment_amount: FEN,
      currency: 'CNY',
      reason: '测试',
      notify_url: order.notify_url,
    });
    expect(refund.kind).toBe('refused');
  });

  test('every call it makes is in its table, and no trace shows a secret', async () => {
    const stage = at();
    const traces = await tracesOf(stage);
    const listed = new Set(stage.wallet.calls.map(({ operation }) => operation));
    const made = [...new Set(traces.map(({ operation }) => operation))];
    expect(made.filter((operation) => !listed.has(operation))).toEqual([]);
    const text = JSON.stringify(traces, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    for (const [name, secret] of Object.entries(stage.account.credentials)) {
      // A short one cannot be told from other words: six zeros are also a product of UnionPay's.
      if (secret.length < 12) continue;
      // The middle of a key: its first characters are the same for all keys of its kind.
      const mark = secret.length > 100 ? secret.slice(60, 90) : secret;
      expect([name, text.includes(mark)]).toEqual([name, false]);
    }
  });
}

async function tracesOf(stage: Stage): Promise<WalletTrace[]> {
  const { wallet, account } = stage;
  const [presentation = 'qr'] = wallet.capabilities.presentations;
  const order = stage.order({ presentation, amount: FEN });
  const { wallet_reference } = order;
  const refund_reference = newWalletReference(0);
  const outcomes = [
    await wallet.createPayment(account, order),
    await wallet.queryPayment(account, ...nameOf(order)),
    await wallet.closePayment(account, ...nameOf(order)),
    await wallet.queryRefund(account, { ...sellerOf(order), wallet_reference, refund_reference }),
  ];
  return outcomes.map(({ trace }) => trace);
}

/** The seller that a partner's or platform's order is for. */
function sellerOf({ sub_merchant }: CreateOrder): { sub_merchant?: string } {
  return sub_merchant === undefined ? {} : { sub_merchant };
}

function nameOf({ wallet_reference, sub_merchant }: CreateOrder): [string, string?] {
  return sub_merchant === undefined ? [wallet_reference] : [wallet_reference, sub_merchant];
}
