import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../../test/support/money-rig.ts';
import { createAttempt } from '../../attempts/create.ts';
import { brokenLaws } from '../../check/run.ts';
import { businessDate } from '../../clock.ts';
import { sql } from '../../db/pool.ts';
import { LAWS } from '../../laws/every.ts';
import type { Payment } from '../../payments/payment.ts';
import { advanceRefund } from '../../refunds/advance.ts';
import { createRefund } from '../../refunds/create.ts';
import { findRefunds } from '../../refunds/find.ts';
import type { Refund } from '../../refunds/refund.ts';
import type { FaultSetting } from '../../sandbox/faults.ts';
import { requireAccount } from '../../wallets/registry.ts';
import type { Report } from '../bill.ts';
import { closedDay, toMorning, tradeBill, untied } from '../testing.ts';

/** Fees of refunds that end before, while and after a bill tells of them. */
let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
  await rig.sandboxes.wechat_pay.setBalance('lin-xia', 100_000_000n);
});
beforeEach(async () => {
  rig.faults.wechat_pay.set([]);
  await toMorning(rig);
});

/** 60.00 paid with a fee of 0.36, of which 20.00 are on their way back with 0.12 of it. */
async function stuckRefund(
  others: readonly FaultSetting[] = [],
): Promise<{ payment: Payment; refund: Refund; date: string }> {
  const date = businessDate(rig.clock.now());
  const payment = await rig.create({ amount: 6_000n });
  const attempt = await createAttempt(rig.app, {
    payment,
    wallet: 'wechat_pay',
    presentation: 'qr',
    client_ip: '127.0.0.1',
  });
  if (attempt.presentation_data?.kind !== 'qr') throw new Error('no code');
  await rig.payAt('wechat_pay', attempt.presentation_data.qr);
  const paid = await rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
  rig.faults.wechat_pay.set([{ fault: 'refund_stuck', probability: 1, remaining: 1 }, ...others]);
  const refund = await createRefund(rig.app, {
    payment: paid,
    amount: 2_000n,
    reference: 'R-1',
    reason: 'broken',
    metadata: {},
  });
  await rig.until(stateOf(payment), (state) => state === 'needs_action');
  await toMorning(rig);
  return { payment, refund, date };
}

function stateOf(payment: Payment): () => Promise<string | undefined> {
  return async () => (await findRefunds(rig.app, payment))[0]?.state;
}

/** The hub is told that it has arrived. */
async function end(payment: Payment, { amount, refund_reference }: Refund, app = rig.app) {
  const account = await requireAccount(app.wallets, rig.accounts.wechat_pay);
  const [attempt] = await app.db.query<{ wallet_reference: string }>(sql`
    select wallet_reference from attempts where payment_id = ${payment.id}`);
  const wallet_merchant = app.wallets.connector('wechat_pay').merchantNumber(account);
  const wallet_reference = attempt?.wallet_reference ?? '';
  const fact = { refund_reference, wallet_reference, wallet_merchant, amount };
  const told = { ...fact, state: 'succeeded', wallet_refund_id: '5001' } as const;
  await advanceRefund(app, account, told, 'query');
  expect(await stateOf(payment)()).toBe('succeeded');
}

/** The wallet gives it up: the merchant has the money again, without the fee. */
async function giveUp(payment: Payment, { refund_reference }: Refund): Promise<void> {
  const { actions } = rig.sandboxes.wechat_pay;
  const account = await requireAccount(rig.app.wallets, rig.accounts.wechat_pay);
  const mchid = rig.app.wallets.connector('wechat_pay').merchantNumber(account);
  const close = actions.find(({ name }) => name === 'refunds/close');
  await close?.run({ mchid, out_refund_no: refund_reference });
  await rig.until(stateOf(payment), (state) => state === 'refused');
}

function close(date: string, file?: Buffer): Promise<Report> {
  return closedDay(rig, { account_id: rig.accounts.wechat_pay, date, file });
}

/** Fen that the wallet has kept, by the ledger. */
async function fees(): Promise<bigint> {
  const account = `wallet_fees:${rig.accounts.wechat_pay}`;
  return (await rig.app.ledger.balance(0, account))?.posted ?? 0n;
}

async function expectLawful(report: Report): Promise<void> {
  expect(untied(report)).toEqual([]);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
}

/** Closes the day, and does `meanwhile` when its lines are matched and its fees not yet planned. */
async function closeWhile(date: string, meanwhile: () => Promise<void>): Promise<Report> {
  return rig.app.db.connection(async (client) => {
    await client.query('begin; lock table fee_batches in exclusive mode');
    const closing = close(date);
    await rig.until(
      () =>
        rig.app.db.query(sql`
        select from pg_locks where relation = 'fee_batches'::regclass and not granted`),
      (waiting) => waiting.length > 0,
    );
    await meanwhile();
    await client.query('commit');
    return closing;
  });
}

/** What the wallet has kept of the fee of 0.36 in the end. */
const ENDS = [
  ['arrives', end, 24n],
  ['the wallet gives up', giveUp, 36n],
] as const;

describe.each(ENDS)('the fee of a refund that %s', (_how, finish, kept) => {
  test('after its bill', async () => {
    const before = await fees();
    const { payment, refund, date } = await stuckRefund();
    await close(date);
    expect(await fees()).toBe(before + 24n);
    await finish(payment, refund);
    expect(await fees()).toBe(before + kept);
    await expectLawful(await close(date));
    expect(await fees()).toBe(before + kept);
  });

  test('while its bill is compared', async () => {
    const before = await fees();
    const { payment, refund, date } = await stuckRefund();
    const report = await closeWhile(date, () => finish(payment, refund));
    expect(await fees()).toBe(before + kept);
    await expectLawful(report);
    await expectLawful(await close(date));
    expect(await fees()).toBe(before + kept);
  });
});

test('the end of a refund gives no fee back that its bill did not have', async () => {
  const before = await fees();
  // So that the hub by itself does not read another one.
  const { payment, refund, date } = await stuckRefund([{ fault: 'bill_late', probability: 1 }]);
  const [paid] = await rig.app.db.query<{
    reference: string;
    transaction_id: string;
    at: Date;
  }>(sql`
    select wallet_reference as reference, wallet_transaction_id as transaction_id, paid_at as at
    from attempts where payment_id = ${payment.id}`);
  if (!paid) throw new Error('not paid');
  const { refund_reference } = refund;
  const back = { kind: 'refund', refund_reference, refund_state: 'PROCESSING', fee: 0n } as const;
  const file = await tradeBill([
    { ...paid, kind: 'payment', amount: 6_000n },
    { ...paid, ...back, amount: refund.amount },
  ]);
  await close(date, file);
  await end(payment, refund);
  expect(await fees()).toBe(before + 36n);
  await expectLawful(await close(date, file));
  expect(await fees()).toBe(before + 36n);
});

test('an end that was decided before its bill was compared is decided again after it', async () => {
  const before = await fees();
  const { payment, refund, date } = await stuckRefund();
  const { ledger } = rig.app;
  let closing: Promise<Report> | undefined;
  const submit: typeof ledger.submit = async (move) => {
    closing ??= close(date);
    await closing;
    return ledger.submit(move);
  };
  const { balance, stop } = ledger;
  await end(payment, refund, { ...rig.app, ledger: { submit, balance, stop } });
  expect(await fees()).toBe(before + 24n);
  await expectLawful(await close(date));
  expect(await fees()).toBe(before + 24n);
});
