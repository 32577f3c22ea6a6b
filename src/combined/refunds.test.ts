import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { createAttempt } from '../attempts/create.ts';
import { brokenLaws } from '../check/run.ts';
import { LAWS } from '../laws/every.ts';
import type { Payment } from '../payments/payment.ts';
import { combinedOrder, openSeller, type SellerOptions } from '../payouts/testing.ts';
import { createRefund } from '../refunds/create.ts';
import { findRefunds } from '../refunds/find.ts';
import type { Refund } from '../refunds/refund.ts';
import { resolveRefund } from '../refunds/resolve.ts';

/** Refunds of parts, each an order of its own at its wallet. */
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
});
beforeEach(() => {
  rig.faults.alipay.set([]);
  rig.faults.wechat_pay.set([]);
});

async function paid(options: SellerOptions): Promise<Payment> {
  const { wallet } = options;
  const sellers = [await openSeller(rig, options), await openSeller(rig, options)] as const;
  const payment = await combinedOrder(rig, [
    [sellers[0], 10_000n],
    [sellers[1], 3_333n],
  ]);
  const presentation = wallet === 'alipay' ? 'h5' : 'qr';
  const wish = { payment, wallet, presentation, client_ip: '127.0.0.1' } as const;
  const { presentation_data: shown, refusal } = await createAttempt(rig.app, wish);
  const code = shown?.kind === 'qr' ? shown.qr : shown && 'url' in shown ? shown.url : undefined;
  if (code === undefined) throw new Error(`nothing is shown: ${JSON.stringify(refusal)}`);
  await rig.payAt(wallet, code);
  return rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
}

function refundPart(payment: Payment, position: number, amount: bigint): Promise<Refund> {
  const part = payment.parts[position]?.id;
  const reference = randomUUID();
  return createRefund(rig.app, {
    payment,
    part,
    amount,
    reference,
    reason: 'broken',
    metadata: {},
  });
}

function become(refund: Refund, state: Refund['state']): Promise<Refund | undefined> {
  return rig.until(
    async () => {
      const all = await findRefunds(rig.app, { book: refund.book, id: refund.payment_id });
      return all.find(({ id }) => id === refund.id);
    },
    (now) => now?.state === state,
  );
}

describe.each(['wechat_pay', 'alipay'] as const)('parts of a combined order by %s', (wallet) => {
  test('are refunded whatever another part’s refund waits for', async () => {
    const payment = await paid({ wallet, custody: 'merchant_own' });
    rig.faults[wallet].set([{ fault: 'merchant_short', probability: 1, amount: 2_000n }]);
    const short = await refundPart(payment, 0, 2_000n);
    const behind = await refundPart(payment, 0, 1_000n);
    const other = await refundPart(payment, 1, 3_000n);
    await become(other, 'succeeded');
    // Of one order they leave one after the other all the same.
    await become(short, 'created');
    await become(behind, 'created');
    rig.faults[wallet].set([]);
    await become(short, 'succeeded');
    await become(behind, 'succeeded');
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });
});

const CARD = {
  bank: 'ICBC_DEBIT',
  card_number: '6222020000001111',
  holder_name: '林小禾',
} as const;
const WAYS = [
  ['direct', 'merchant_own'],
  ['partner', 'merchant_own'],
  ['platform', 'wallet_held'],
] as const;

describe.each(WAYS)('a stuck refund of a part at a %s', (role, custody) => {
  test('goes another way, to a card or to the merchant', async () => {
    const payment = await paid({ wallet: 'wechat_pay', role, custody });
    rig.faults.wechat_pay.set([{ fault: 'refund_stuck', probability: 1 }]);
    const stuck = [await refundPart(payment, 0, 2_000n), await refundPart(payment, 1, 500n)];
    for (const refund of stuck) await become(refund, 'needs_action');
    rig.faults.wechat_pay.set([]);
    const [first, second] = stuck;
    if (!first || !second) throw new Error('two refunds are needed');
    await resolveRefund(rig.app, first, { kind: 'payer_card', ...CARD });
    await resolveRefund(rig.app, second, { kind: 'merchant_account' });
    for (const refund of stuck) await become(refund, 'succeeded');
    expect((await rig.reload(payment)).parts.map(({ refunded }) => refunded)).toEqual([
      2_000n,
      500n,
    ]);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });
});
