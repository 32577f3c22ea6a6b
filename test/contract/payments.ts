import { describe, expect, test } from 'vitest';
import type { CreateOrder, PresentationData, PresentationKind } from '../../src/wallets/wallet.ts';
import { needsPayer, type SandboxSide, type Stage } from './stage.ts';

/** What every wallet's payments must do, whatever its protocol. */
export type At = () => Stage;

export function sandboxOf(stage: Stage): SandboxSide {
  if (!stage.sandbox) throw new Error('this part needs a sandbox');
  return stage.sandbox;
}

export async function presented(stage: Stage, order: CreateOrder): Promise<PresentationData> {
  const outcome = await stage.wallet.createPayment(stage.account, order);
  if (outcome.kind !== 'presented') {
    throw new Error(`${order.presentation} was not presented: ${JSON.stringify(outcome)}`);
  }
  return outcome.presentation;
}

/** An order of this presentation, with the payer where the wallet needs one. */
export async function orderAs(stage: Stage, kind: PresentationKind): Promise<CreateOrder> {
  const order = stage.order({ presentation: kind });
  if (!needsPayer(kind) || !stage.sandbox) return order;
  return { ...order, payer: await stage.sandbox.payerId('lin-xia') };
}

export async function paidOrder(stage: Stage, more: Partial<CreateOrder> = {}) {
  const order = stage.order({ ...more, presentation: firstKind(stage) });
  await sandboxOf(stage).pay(await presented(stage, order));
  const fact = await paidFact(stage, order.wallet_reference);
  return { order, fact };
}

function firstKind({ wallet }: Stage): PresentationKind {
  const [kind] = wallet.capabilities.presentations.filter((each) => !needsPayer(each));
  if (!kind) throw new Error(`${wallet.name} presents nothing to a stranger`);
  return kind;
}

export async function paidFact(stage: Stage, reference: string) {
  const asked = await stage.wallet.queryPayment(stage.account, reference);
  if (asked.kind !== 'fact') throw new Error(`the query gave ${JSON.stringify(asked)}`);
  return asked.fact;
}

export function paymentContract(at: At, kinds: readonly PresentationKind[]): void {
  describe.each(kinds)('a payment presented as %s', (kind) => {
    test('is not paid until somebody pays, then says by whom, how much and to whom', async () => {
      const stage = at();
      const { wallet, account } = stage;
      const order = await orderAs(stage, kind);
      const data = await presented(stage, order);
      const before = await wallet.queryPayment(account, order.wallet_reference);
      if (before.kind === 'fact') expect(before.fact.state).toBe('waiting');
      else expect(before.kind).toBe('not_found');
      await sandboxOf(stage).pay(data);
      expect(await paidFact(stage, order.wallet_reference)).toMatchObject({
        state: 'paid',
        amount: order.amount,
        currency: 'CNY',
        wallet_reference: order.wallet_reference,
        wallet_merchant: wallet.merchantNumber(account),
        wallet_transaction_id: expect.stringMatching(/^\w{10,64}$/),
      });
    });

    test('cannot be paid after its end', async () => {
      const stage = at();
      const order = await orderAs(stage, kind);
      const data = await presented(stage, order);
      const sandbox = sandboxOf(stage);
      const had = sandbox.side.balance('lin-xia');
      sandbox.advance(3_600_000 + 60_000);
      await expect(sandbox.pay(data)).rejects.toThrow();
      const asked = await stage.wallet.queryPayment(stage.account, order.wallet_reference);
      if (asked.kind === 'fact') expect(['waiting', 'closed']).toContain(asked.fact.state);
      else expect(asked.kind).toBe('not_found');
      expect(sandbox.side.balance('lin-xia')).toBe(had);
    });

    test('asked for twice with the same order is one payment', async () => {
      const stage = at();
      const order = await orderAs(stage, kind);
      await presented(stage, order);
      await sandboxOf(stage).pay(await presented(stage, order));
      expect(await paidFact(stage, order.wallet_reference)).toMatchObject({ state: 'paid' });
      const again = await stage.wallet.createPayment(stage.account, order);
      // A link is only made here: its wallet says no when it is opened.
      if (again.kind === 'presented') {
        await expect(sandboxOf(stage).pay(again.presentation)).rejects.toThrow();
      } else expect(again).toMatchObject({ kind: 'refused', code: 'already_paid' });
    });
  });

  test('a closed payment can never be paid', async () => {
    const stage = at();
    const { wallet, account } = stage;
    const order = stage.order({ presentation: firstKind(stage) });
    const data = await presented(stage, order);
    const closed = await wallet.closePayment(account, order.wallet_reference);
    if (closed.kind === 'not_found') {
      // The wallet knows no trade before the scan, so this close promises nothing.
      await sandboxOf(stage).pay(data);
      expect(await paidFact(stage, order.wallet_reference)).toMatchObject({ state: 'paid' });
      return;
    }
    expect(closed.kind).toBe('closed');
    expect((await wallet.closePayment(account, order.wallet_reference)).kind).toBe('closed');
    await expect(sandboxOf(stage).pay(data)).rejects.toThrow();
    const fact = await wallet.queryPayment(account, order.wallet_reference);
    expect(fact).toMatchObject({ kind: 'fact', fact: { state: 'closed' } });
  });

  test('closing a paid one says that the payer was faster', async () => {
    const stage = at();
    const { order } = await paidOrder(stage);
    const closed = await stage.wallet.closePayment(stage.account, order.wallet_reference);
    expect(closed.kind).toBe('already_paid');
  });

  test('an order that nobody made is not found', async () => {
    const stage = at();
    const { wallet_reference } = stage.order();
    const asked = await stage.wallet.queryPayment(stage.account, wallet_reference);
    expect(asked.kind).toBe('not_found');
  });

  test('a number that was used with another amount is refused or never paid twice', async () => {
    const stage = at();
    const { order } = await paidOrder(stage);
    const other = await stage.wallet.createPayment(stage.account, {
      ...order,
      amount: order.amount + 1n,
    });
    expect(other.kind).not.toBe('presented');
    expect((await paidFact(stage, order.wallet_reference)).amount).toBe(order.amount);
  });

  test('a payer without money changes nothing', async () => {
    const stage = at();
    const order = stage.order({ presentation: firstKind(stage), amount: 500_00n });
    const data = await presented(stage, order);
    await expect(sandboxOf(stage).pay(data, 'zhou-ping')).rejects.toThrow('insufficient_balance');
    await sandboxOf(stage)
      .pay(data, 'zhou-ping')
      .catch(() => {});
    const asked = await stage.wallet.queryPayment(stage.account, order.wallet_reference);
    if (asked.kind === 'fact') expect(asked.fact.state).toBe('waiting');
  });
}
