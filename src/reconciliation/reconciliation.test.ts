import { beforeAll, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { createAttempt } from '../attempts/create.ts';
import { findAttempts } from '../attempts/find.ts';
import { brokenLaws } from '../check/run.ts';
import { sql } from '../db/pool.ts';
import { LAWS } from '../laws/every.ts';
import type { Payment } from '../payments/payment.ts';
import { createRefund } from '../refunds/create.ts';
import { type BillKind, billDate } from '../wallets/products/bills.ts';
import type { WalletName } from '../wallets/wallet.ts';
import type { Report } from './bill.ts';
import type { Break } from './breaks/break.ts';
import { resolveBreak } from './breaks/resolve.ts';
import { billsOf } from './close.ts';
import { selectBreaks } from './queries.ts';
import { closedDay, toMorning, tradeBill, untied } from './testing.ts';

/** Days at the sandboxes of all wallets that have bills, closed against those bills. */
const WITH_BILLS = ['wechat_pay', 'alipay', 'union_pay'] as const satisfies readonly WalletName[];
type Billed = (typeof WITH_BILLS)[number];
const PERSON = 'lin-xia';

let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
  for (const wallet of WITH_BILLS) await rig.sandboxes[wallet].setBalance(PERSON, 100_000_000n);
  await toMorning(rig);
});

async function buy(wallet: Billed, amount: bigint, told = true): Promise<Payment> {
  // So long that no expiry asks the wallet before the bill tells.
  const payment = await rig.create({ amount, expires_in_ms: 3 * 86_400_000 });
  const attempt = await createAttempt(rig.app, {
    payment,
    wallet,
    presentation: 'qr',
    client_ip: '127.0.0.1',
  });
  if (attempt.presentation_data?.kind !== 'qr') throw new Error('no code');
  if (!told) {
    rig.faults[wallet].set([{ fault: 'notification_lost', probability: 1 }]);
    await rig.app.db.query(sql`
      update attempts set next_query_at = null, version = version + 1 where id = ${attempt.id}`);
  }
  await rig.payAt(wallet, attempt.presentation_data.qr);
  if (told) {
    await rig.until(
      () => rig.reload(payment),
      ({ state }) => state === 'succeeded',
    );
  }
  return rig.reload(payment);
}

async function giveBack(payment: Payment, amount: bigint): Promise<void> {
  const reference = `R${payment.refund_count}-${amount}`;
  await createRefund(rig.app, { payment, amount, reference, reason: 'broken', metadata: {} });
  await rig.until(
    () => rig.reload(payment),
    ({ refunded }) => refunded >= amount,
  );
}

function today(wallet: Billed): string {
  const { bills } = rig.app.wallets.connector(wallet);
  return bills ? billDate(bills, rig.clock.now()) : '';
}

function close(wallet: Billed, date: string, file?: Buffer): Promise<Report> {
  return closedDay(rig, { account_id: rig.accounts[wallet], date, file });
}

async function breaksOf(wallet: Billed, state: string | null = null): Promise<Break[]> {
  return selectBreaks(rig.app.db, {
    book: 0,
    account_id: rig.accounts[wallet],
    bill_id: null,
    payment_id: null,
    state,
    kind: null,
    until: null,
    before: null,
    limit: 100,
  });
}

async function violations(): Promise<unknown> {
  return brokenLaws(rig.app.db, LAWS);
}

function attemptsOf(payment: Payment) {
  return findAttempts(rig.app, payment);
}

function expectTied(report: Report): void {
  expect(untied(report)).toEqual([]);
}

describe.each(WITH_BILLS)('a day at %s', (wallet) => {
  test('is closed to the fen: payments, refunds, fees, funds', async () => {
    const date = today(wallet);
    const first = await buy(wallet, 12_345n);
    await buy(wallet, 99n);
    const lost = await buy(wallet, 5_000n, false);
    rig.faults[wallet].set([]);
    await giveBack(first, 2_345n);
    await toMorning(rig);
    const report = await close(wallet, date);
    expect(report).toMatchObject({
      lines: 4,
      payments: { bill: { count: 3, amount: 17_444 }, breaks: { count: 0 } },
      refunds: { bill: { count: 1, amount: 2_345 }, breaks: { count: 0 } },
      completed: 1,
      breaks: [],
    });
    expectTied(report);
    expect((await rig.reload(lost)).state).toBe('succeeded');
    expect(await breaksOf(wallet)).toEqual([]);
    expect(await rig.expectBooksEqual()).toEqual([]);
    const ledger = await rig.app.ledger.balance(0, `wallet_fees:${rig.accounts[wallet]}`);
    expect(ledger?.posted).toBe(BigInt(report.fees.bill));
    const kinds: readonly BillKind[] = billsOf(rig.app, { wallet }).kinds;
    if (kinds.includes('funds')) {
      expect(report.funds).toMatchObject({ traded: report.net.bill, expected: report.net.bill });
    } else expect(report.funds).toBeNull();
  });
});

describe.each(WITH_BILLS)('a bill of %s that is wrong', (wallet) => {
  test('gives breaks that tie, and once it is corrected they are gone', async () => {
    const date = today(wallet);
    const amounts = [1_111n, 2_222n, 3_333n];
    for (const amount of amounts) await buy(wallet, amount);
    await toMorning(rig);
    rig.faults[wallet].set([{ fault: 'bill_wrong', probability: 1 }]);
    const seen = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const wrong = await close(wallet, date);
      expectTied(wrong);
      for (const { kind } of wrong.breaks) seen.add(kind);
      expect(wrong.breaks.length).toBeGreaterThan(0);
      expect(await violations()).toEqual([]);
    }
    rig.faults[wallet].set([]);
    const right = await close(wallet, date);
    expect(right).toMatchObject({ breaks: [], payments: { bill: { count: 3, amount: 6_666 } } });
    expectTied(right);
    expect(await breaksOf(wallet, 'open')).toEqual([]);
    const resolved = await breaksOf(wallet, 'resolved');
    expect(resolved.length).toBeGreaterThan(0);
    for (const { trail } of resolved) expect(trail.at(-1)?.action).toBe('not_in_bill');
    expect(await rig.expectBooksEqual()).toEqual([]);
    expect([...seen].length).toBeGreaterThan(0);
  });

  test('and late is asked for again', async () => {
    const date = today(wallet);
    await buy(wallet, 777n);
    await toMorning(rig);
    rig.faults[wallet].set([{ fault: 'bill_late', probability: 1 }]);
    await expect(close(wallet, date)).rejects.toThrow(/not made|knows|nothing/);
    rig.faults[wallet].set([]);
    expectTied(await close(wallet, date));
  });
});

describe('a repair', () => {
  test('is a posting and a line in the trail, once, by somebody, for a reason', async () => {
    const wallet = 'wechat_pay';
    const date = today(wallet);
    const payment = await buy(wallet, 4_444n);
    await toMorning(rig);
    const [attempt] = await attemptsOf(payment);
    const account = rig.accounts[wallet];
    const file = await tradeBill([
      {
        kind: 'payment',
        reference: attempt?.wallet_reference ?? '',
        transaction_id: attempt?.wallet_transaction_id ?? '',
        amount: 4_488n,
        at: attempt?.paid_at ?? rig.clock.now(),
      },
    ]);
    const report = await close(wallet, date, file);
    expect(report.breaks).toEqual([{ kind: 'amount', count: 1, amount: 44 }]);
    expectTied(report);
    const [found] = await breaksOf(wallet, 'open');
    if (!found) throw new Error('no break');
    expect(found).toMatchObject({ kind: 'amount', about: 'payment', amount: 44n });
    const before = await rig.app.ledger.balance(0, `wallet:${account}`);
    const repair = { id: found.id, note: 'seen with the wallet', by: 'key_x' } as const;
    await expect(
      resolveBreak(rig.app, { ...repair, action: 'release_suspense' }),
    ).rejects.toMatchObject({ code: 'invalid_parameter' });
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () =>
        resolveBreak(rig.app, { ...repair, action: 'book_to_merchant' }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const after = await rig.app.ledger.balance(0, `wallet:${account}`);
    expect((after?.posted ?? 0n) - (before?.posted ?? 0n)).toBe(44n);
    const [end] = await breaksOf(wallet, 'resolved');
    expect(end?.trail.at(-1)).toMatchObject({
      by: 'key_x',
      action: 'book_to_merchant',
      note: 'seen with the wallet',
      postings: [expect.stringMatching(/^pst_/)],
    });
    expect(await violations()).toEqual([]);
  });
});
