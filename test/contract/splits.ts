import { describe, expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import type {
  SplitFact,
  SplitOrder,
  SplitReturn,
  SplitReturnOutcome,
  Splits,
} from '../../src/wallets/products/splits.ts';
import { until } from './merchant.ts';
import { type At, sandboxOf } from './payments.ts';
import { type Merchant, merchantAs, type Paid, paidTo, receiverFor, refundFor } from './roles.ts';
import type { Stage } from './stage.ts';

/** What every wallet's profit sharing must do, for every kind of merchant that has it. */
const DAY_MS = 86_400_000;
const AMOUNT = 10_000n;
/** The wallets keep 0.6 % of a payment before anything is shared. */
const NET = 9_940n;

interface Scene {
  readonly stage: Stage;
  readonly splits: Splits;
  readonly merchant: Merchant;
}

function splitsOf({ wallet }: Stage): Splits {
  if (!wallet.splits) throw new Error(`${wallet.name} has no splits`);
  return wallet.splits;
}

const limitsOf = ({ splits, merchant }: Scene) =>
  splits.limitsOf?.(merchant.account) ?? splits.limits;

/** A held payment that is old enough to be split, with the receiver known to the wallet. */
async function ripe(scene: Scene): Promise<Paid> {
  const { stage, splits, merchant } = scene;
  const paid = await paidTo(stage, merchant, { hold: true, amount: AMOUNT });
  const { sub_merchant } = paid.payment;
  const receiver = receiverFor(stage, merchant.role);
  const wanted = { ...receiver, ...(sub_merchant === undefined ? {} : { sub_merchant }) };
  for (let copy = 0; copy < 2; copy += 1) {
    const added = await splits.addReceiver(merchant.account, wanted);
    expect(added).toMatchObject({ kind: 'done' });
  }
  sandboxOf(stage).advance(limitsOf(scene).min_wait_ms);
  return paid;
}

function splitFor(scene: Scene, paid: Paid, more: Partial<SplitOrder> & { amount?: bigint } = {}) {
  const { amount = 1_000n, ...rest } = more;
  const receiver = receiverFor(scene.stage, scene.merchant.role);
  return {
    split_reference: newWalletReference(0),
    ...paid.payment,
    parts: [{ ...receiver, amount, description: '佣金' }],
    release_rest: false,
    ...rest,
  } satisfies SplitOrder;
}

/** The wallet shares out some time after it accepted. */
async function finished(scene: Scene, order: Pick<SplitOrder, 'split_reference'>, paid: Paid) {
  const { stage, splits, merchant } = scene;
  const asked = { ...paid.payment, split_reference: order.split_reference };
  return until(`split ${order.split_reference}`, async (): Promise<SplitFact | undefined> => {
    sandboxOf(stage).advance(1_000);
    const outcome = await splits.querySplit(merchant.account, asked);
    if (outcome.kind !== 'fact' || outcome.fact.state === 'pending') return undefined;
    return outcome.fact;
  });
}

async function done(scene: Scene, order: SplitOrder, paid: Paid): Promise<SplitFact> {
  const outcome = await scene.splits.split(scene.merchant.account, order);
  expect(outcome).toMatchObject({
    kind: 'fact',
    fact: { split_reference: order.split_reference },
  });
  return finished(scene, order, paid);
}

async function left({ splits, merchant }: Scene, paid: Paid): Promise<bigint> {
  const outcome = await splits.unsplitAmount(merchant.account, paid.payment);
  if (outcome.kind !== 'amount') throw new Error(JSON.stringify(outcome));
  return outcome.amount;
}

/** At Alipay the fee of a platform's seller is taken when the money is settled. */
const heldOf = ({ stage, merchant }: Scene) =>
  stage.wallet.name === 'alipay' && merchant.sellers.length > 0 ? AMOUNT : NET;

export function splitContract(at: At, role: string): void {
  const scene = (): Scene => {
    const stage = at();
    return { stage, splits: splitsOf(stage), merchant: merchantAs(stage, role) };
  };

  describe(`as ${role}`, () => {
    test('held money is split in parts, asked for, and the rest released by the last', async () => {
      const on = scene();
      const paid = await ripe(on);
      expect(await left(on, paid)).toBe(heldOf(on));
      const first = splitFor(on, paid);
      const { account } = receiverFor(on.stage, role);
      expect(await done(on, first, paid)).toMatchObject({
        state: 'finished',
        wallet_transaction_id: paid.payment.wallet_transaction_id,
        parts: [{ account, amount: 1_000n, state: 'succeeded' }],
      });
      const rest = await left(on, paid);
      expect([heldOf(on) - 1_000n, NET - 1_000n]).toContain(rest);
      await done(on, splitFor(on, paid, { amount: 500n, release_rest: true }), paid);
      expect(await left(on, paid)).toBe(0n);
      const more = await on.splits.split(on.merchant.account, splitFor(on, paid, { amount: 1n }));
      expect(more.kind).toBe('refused');
    });

    test('asked for twice is split once; under another amount it is refused', async () => {
      const on = scene();
      const paid = await ripe(on);
      const order = splitFor(on, paid);
      await done(on, order, paid);
      const rest = await left(on, paid);
      expect((await on.splits.split(on.merchant.account, order)).kind).toBe('fact');
      await finished(on, order, paid);
      expect(await left(on, paid)).toBe(rest);
      const other = {
        ...splitFor(on, paid, { amount: 999n }),
        split_reference: order.split_reference,
      };
      expect((await on.splits.split(on.merchant.account, other)).kind).toBe('refused');
      const nobody = { ...paid.payment, split_reference: newWalletReference(0) };
      const asked = await on.splits.querySplit(on.merchant.account, nobody);
      expect(asked.kind).toBe('not_found');
    });

    test('a part that the wallet refuses says why; its money is the seller’s, or stays held', async () => {
      const on = scene();
      const paid = await ripe(on);
      const { faults } = sandboxOf(on.stage);
      faults.set([{ fault: 'split_part_refused', probability: 1 }]);
      const order = splitFor(on, paid);
      const fact = await done(on, order, paid);
      faults.set([]);
      expect(fact.parts).toMatchObject([
        { state: 'refused', reason: expect.stringMatching(/^\w+$/) },
      ]);
      const kept = on.stage.wallet.name === 'wechat_pay' ? NET - 1_000n : NET;
      expect(await left(on, paid)).toBe(kept);
    });

    test('the limits that the connector states are those of the wallet', async () => {
      const on = scene();
      const paid = await ripe(on);
      const { max_rate, max_parts } = limitsOf(on);
      const most = (AMOUNT * max_rate) / 100_000n;
      const dear = await on.splits.split(
        on.merchant.account,
        splitFor(on, paid, { amount: most + 1n }),
      );
      expect(dear.kind).toBe('refused');
      const [part] = splitFor(on, paid, { amount: 1n }).parts;
      const parts = Array.from({ length: max_parts + 1 }, () => ({ ...part }));
      const many = { ...splitFor(on, paid), parts: parts as SplitOrder['parts'] };
      expect((await on.splits.split(on.merchant.account, many)).kind).toBe('refused');
      await done(on, splitFor(on, paid, { amount: most }), paid);
    });

    test('a release gives the seller everything that is left, and ends it', async () => {
      const on = scene();
      const paid = await ripe(on);
      const release = {
        ...paid.payment,
        split_reference: newWalletReference(0),
        amount: await left(on, paid),
        description: '确认收货',
      };
      for (let copy = 0; copy < 2; copy += 1) {
        expect((await on.splits.release(on.merchant.account, release)).kind).toBe('fact');
      }
      expect(await finished(on, release, paid)).toMatchObject({ state: 'finished', parts: [] });
      expect(await left(on, paid)).toBe(0n);
      const late = await on.splits.split(on.merchant.account, splitFor(on, paid));
      expect(late.kind).toBe('refused');
    });

    test('what is never released is the seller’s by itself when the hold ends', async () => {
      const on = scene();
      const paid = await ripe(on);
      sandboxOf(on.stage).advance(limitsOf(on).hold_days * DAY_MS + DAY_MS);
      expect(await left(on, paid)).toBe(0n);
      const late = await on.splits.split(on.merchant.account, splitFor(on, paid));
      expect(late.kind).toBe('refused');
    });

    test('a receiver that was removed, or never was one, gets nothing', async () => {
      const on = scene();
      const paid = await ripe(on);
      const receiver = receiverFor(on.stage, role);
      const { sub_merchant } = paid.payment;
      const wanted = { ...receiver, ...(sub_merchant === undefined ? {} : { sub_merchant }) };
      expect((await on.splits.removeReceiver(on.merchant.account, wanted)).kind).toBe('done');
      const gone = await on.splits.split(on.merchant.account, splitFor(on, paid));
      expect(gone.kind).toBe('refused');
    });

    test('a receiver gives back what it got, and the payment is refunded whole', async () => {
      const on = scene();
      const paid = await ripe(on);
      const order = splitFor(on, paid, { release_rest: true });
      await done(on, order, paid);
      const { returnSplit } = on.splits;
      const receiver = receiverFor(on.stage, role);
      if (!returnSplit) {
        const split_returns = [{ ...receiver, amount: 1_000n }];
        const refund = { ...refundFor(paid, AMOUNT), split_returns };
        expect((await on.stage.wallet.refund(on.merchant.account, refund)).kind).toBe('fact');
        return;
      }
      const wanted: SplitReturn = {
        return_reference: newWalletReference(0),
        split_reference: order.split_reference,
        ...paid.payment,
        receiver,
        amount: 1_000n,
        description: '退货',
      };
      const asked = await returnSplit(on.merchant.account, wanted);
      expect(asked.kind).toBe('fact');
      await until('the return', () => returned(on, wanted));
      const twice = await returnSplit(on.merchant.account, {
        ...wanted,
        return_reference: newWalletReference(0),
        amount: 1n,
      });
      expect(twice.kind === 'fact' ? twice.fact.state : twice.kind).toMatch(/refused|pending/);
      const refund = refundFor(paid, AMOUNT);
      expect((await on.stage.wallet.refund(on.merchant.account, refund)).kind).toBe('fact');
    });
  });
}

async function returned(on: Scene, wanted: SplitReturn): Promise<SplitReturnOutcome | undefined> {
  const asked = await on.splits.queryReturn?.(on.merchant.account, wanted);
  return asked?.kind === 'fact' && asked.fact.state === 'succeeded' ? asked : undefined;
}
