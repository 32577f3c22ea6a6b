import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../../test/support/money-rig.ts';
import { createAttempt } from '../../attempts/create.ts';
import { findAttempts } from '../../attempts/find.ts';
import { brokenLaws } from '../../check/run.ts';
import { businessDate } from '../../clock.ts';
import { advanceCombined } from '../../combined/advance.ts';
import { noticePartlyPaid } from '../../combined/partly-paid.ts';
import { sql } from '../../db/pool.ts';
import { assert } from '../../errors.ts';
import { LAWS } from '../../laws/every.ts';
import type { Attempt, Payment } from '../../payments/payment.ts';
import { combinedOrder, openSeller, type Seller } from '../../payouts/testing.ts';
import { createRefund } from '../../refunds/create.ts';
import type { PaymentLine } from '../../wallets/products/bills.ts';
import { requireAccount } from '../../wallets/registry.ts';
import type { Report } from '../bill.ts';
import type { Break } from '../breaks/break.ts';
import { resolveBreak } from '../breaks/resolve.ts';
import { selectBreaks } from '../queries.ts';
import { closedDay, type PlantedLine, toMorning, tradeBill, untied } from '../testing.ts';

/** Days with combined orders at the sandboxes of the wallets that have them. */
const CASES = [
  ['wechat_pay', 'qr'],
  ['alipay', 'h5'],
] as const;
type Combining = (typeof CASES)[number][0];

interface How {
  readonly wallet: Combining;
  readonly presentation: (typeof CASES)[number][1];
}

let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
  for (const [wallet] of CASES) await rig.sandboxes[wallet].setBalance('lin-xia', 100_000_000n);
  await toMorning(rig);
});

async function buy(
  { wallet, presentation }: How,
  parts: readonly (readonly [Seller, bigint])[],
  told = true,
): Promise<Payment> {
  const payment = await combinedOrder(rig, parts);
  const attempt = await createAttempt(rig.app, {
    payment,
    wallet,
    presentation,
    client_ip: '127.0.0.1',
  });
  const shown = attempt.presentation_data;
  if (!shown || shown.kind === 'form') throw new Error(JSON.stringify(attempt.refusal));
  if (!told) await keepQuiet(wallet, attempt);
  await rig.payAt(wallet, shown.kind === 'qr' ? shown.qr : 'url' in shown ? shown.url : '');
  if (!told) return rig.reload(payment);
  return rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
}

/** Neither a notification nor a question nor the order's expiry tells of it. */
async function keepQuiet(wallet: Combining, { id, payment_id }: Attempt): Promise<void> {
  rig.faults[wallet].set([{ fault: 'notification_lost', probability: 1 }]);
  await rig.app.db.query(sql`
    update attempts set next_query_at = null, version = version + 1 where id = ${id}`);
  await rig.app.db.query(sql`
    update payments set expires_at = expires_at + interval '3 days', version = version + 1
    where id = ${payment_id}`);
}

async function giveBack(payment: Payment, index: number, amount: bigint): Promise<void> {
  const { refunded } = await rig.reload(payment);
  await createRefund(rig.app, {
    payment: await rig.reload(payment),
    part: payment.parts[index]?.id,
    amount,
    reference: randomUUID(),
    reason: 'broken',
    metadata: {},
  });
  await rig.until(
    () => rig.reload(payment),
    (now) => now.refunded === refunded + amount,
  );
}

/** What the bill leaves each seller: its parts less refunds less what the wallet takes of them. */
async function inBill(
  wallet: Combining,
  date: string,
  payments: readonly Payment[],
): Promise<Map<string, bigint>> {
  const account = await requireAccount(rig.app.wallets, rig.accounts[wallet]);
  const wanted = { kind: 'payments', date, asked_at: rig.clock.now() } as const;
  const outcome = await rig.app.wallets.connector(wallet).bills?.fetch(account, wanted);
  if (outcome?.kind !== 'bill') throw new Error('no bill');
  const rows = await rig.app.db.query<{ reference: string; merchant_id: string }>(sql`
    select a.wallet_reference as reference, p.merchant_id from attempt_parts a
    join payment_parts p on p.book = a.book and p.id = a.part_id
    where a.payment_id = any(${payments.map(({ id }) => id)})`);
  const seller = new Map(rows.map((row) => [row.reference, row.merchant_id]));
  const sums = new Map<string, bigint>();
  for await (const line of outcome.bill.lines()) {
    const { kind, amount, fee, wallet_reference } = line as PaymentLine;
    const merchant = seller.get(wallet_reference) ?? '';
    const net = (kind === 'payment' ? amount : -amount) - fee;
    sums.set(merchant, (sums.get(merchant) ?? 0n) + net);
  }
  return sums;
}

describe.each(CASES)('a day of combined orders at %s', (wallet, presentation) => {
  const how = { wallet, presentation };
  test('closes to the fen, for each seller', async () => {
    const custody = 'merchant_own' as const;
    const first = await openSeller(rig, { wallet, custody });
    const second = await openSeller(rig, { wallet, custody });
    const date = businessDate(rig.clock.now());
    // One seller has two parts of it; single fees are rounded, each by itself.
    const told = await buy(how, [
      [first, 10_083n],
      [second, 3_333n],
      [first, 83n],
    ]);
    const lost = await buy(
      how,
      [
        [second, 5_084n],
        [first, 99n],
      ],
      false,
    );
    rig.faults[wallet].set([]);
    for (const amount of [1n, 82n, 4_000n]) await giveBack(told, 0, amount);
    await giveBack(told, 1, 3_333n);
    await toMorning(rig);
    const report = await closedDay(rig, { account_id: rig.accounts[wallet], date });
    expect(report).toMatchObject({
      lines: 9,
      payments: { bill: { count: 5, amount: 18_682 }, books: { count: 5 } },
      refunds: { bill: { count: 4, amount: 7_416 }, books: { count: 4 } },
      completed: 1,
      breaks: [],
    });
    expect(untied(report)).toEqual([]);
    expect((await rig.reload(lost)).state).toBe('succeeded');
    const billed = await inBill(wallet, date, [told, lost]);
    for (const { merchant_id } of [first, second]) {
      const has = await rig.app.ledger.balance(0, `merchant:${merchant_id}`);
      expect(has?.posted).toBe(billed.get(merchant_id));
    }
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
  });
});

describe('a combined order', () => {
  async function lost(...amounts: readonly bigint[]): Promise<Lost> {
    const how = { wallet: 'wechat_pay', presentation: 'qr' } as const;
    const custody = 'merchant_own' as const;
    const parts: [Seller, bigint][] = [];
    for (const amount of amounts) {
      parts.push([await openSeller(rig, { wallet: how.wallet, custody }), amount]);
    }
    const payment = await buy(how, parts, false);
    const lines = await rig.app.db.query<{ reference: string; amount: bigint }>(sql`
      select wallet_reference as reference, amount from attempt_parts
      where payment_id = ${payment.id} order by position`);
    const at = rig.clock.now();
    const [attempt] = await findAttempts(rig.app, payment);
    return {
      payment,
      whole: attempt?.wallet_reference ?? '',
      date: businessDate(at),
      lines: lines.map((line, index) => {
        const transaction_id = `42${payment.id.slice(-20)}${index}`;
        return { ...line, kind: 'payment' as const, transaction_id, at };
      }),
    };
  }

  async function close({ date }: Lost, lines: readonly PlantedLine[]): Promise<Report> {
    const report = await closedDay(rig, {
      account_id: rig.accounts.wechat_pay,
      date,
      file: await tradeBill(lines),
    });
    expect(untied(report)).toEqual([]);
    return report;
  }

  test('of which a bill has some parts is asked about, and counted when it is whole', async () => {
    const order = await lost(4_000n, 3_000n);
    rig.faults.wechat_pay.set([]);
    const [first] = order.lines;
    if (!first) throw new Error('a line is needed');
    const report = await close(order, [first]);
    expect(report).toMatchObject({ completed: 1 });
    expect(report.breaks).toEqual([{ kind: 'missing_there', count: 1, amount: -3_000 }]);
    expect((await rig.reload(order.payment)).state).toBe('succeeded');
    await toMorning(rig);
  });

  test('corrects the fee of each seller, and a difference goes to the part’s seller', async () => {
    const order = await lost(10_000n, 2_000n, 900n);
    const fees = [38n, 7n, 5n];
    const billed = order.lines.map((line, index) => ({ ...line, fee: fees[index] ?? 0n }));
    expect(await close(order, billed)).toMatchObject({
      completed: 1,
      breaks: [],
      fees: { bill: 50, estimated: 77, corrected: -27 },
    });
    rig.faults.wechat_pay.set([]);
    const has = () =>
      Promise.all(
        order.payment.parts.map(async ({ merchant_id }) => {
          return (await rig.app.ledger.balance(0, `merchant:${merchant_id}`))?.posted;
        }),
      );
    expect(await has()).toEqual([9_962n, 1_993n, 895n]);
    const more = billed.map((line, index) => (index === 1 ? { ...line, amount: 2_010n } : line));
    expect((await close(order, more)).breaks).toEqual([{ kind: 'amount', count: 1, amount: 10 }]);
    const [found] = await breaksOf(order.payment);
    if (!found) throw new Error('a break is needed');
    const repair = { id: found.id, note: 'the wallet is right', by: 'key_x' } as const;
    await resolveBreak(rig.app, { ...repair, action: 'book_to_merchant' });
    expect(await has()).toEqual([9_962n, 2_003n, 895n]);
    await close(order, billed);
    expect(await has()).toEqual([9_962n, 2_003n, 895n]);
    expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
    await toMorning(rig);
  });

  test('that stays paid in part is a break, which ends when all of it is told', async () => {
    const order = await lost(600n, 400n);
    rig.faults.wechat_pay.set([]);
    const account = await requireAccount(rig.app.wallets, rig.accounts.wechat_pay);
    const wallet_merchant = rig.app.wallets.connector('wechat_pay').merchantNumber(account);
    const tell = (lines: readonly PlantedLine[], minutes: number) =>
      advanceCombined(
        rig.app,
        account,
        {
          wallet_reference: order.whole,
          facts: lines.map(({ reference, amount, at }) => ({
            wallet_reference: reference,
            state: 'paid',
            currency: 'CNY',
            wallet_merchant,
            amount,
            paid_at: new Date(at.getTime() - minutes * 60_000),
          })),
        },
        'notification',
      );
    await tell(order.lines.slice(0, 1), 1);
    expect(await breaksOf(order.payment)).toEqual([]);
    for (const minutes of [16, 17]) await tell(order.lines.slice(0, 1), minutes);
    const [found, ...more] = await breaksOf(order.payment);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ kind: 'partly_paid', state: 'open', amount: null });
    expect(found?.detail).toMatchObject({ paid_amount: '600', expected_amount: '1000' });
    expect(await tell(order.lines, 18)).toMatchObject({ outcome: 'succeed' });
    expect(await breaksOf(order.payment)).toMatchObject([{ state: 'resolved' }]);
    const told = await rig.app.db.query<{ type: string }>(sql`
      select type from events where payment_id = ${order.payment.id} and starts_with(type, 'break')
      order by id`);
    expect(told.map(({ type }) => type)).toEqual(['break.opened', 'break.resolved']);
  });

  test('that is whole by the time somebody hears of a part is no break', async () => {
    const order = await lost(600n, 400n);
    rig.faults.wechat_pay.set([]);
    const account = await requireAccount(rig.app.wallets, rig.accounts.wechat_pay);
    const wallet_merchant = rig.app.wallets.connector('wechat_pay').merchantNumber(account);
    const facts = order.lines.map(({ reference, amount, at }) => ({
      wallet_reference: reference,
      state: 'paid' as const,
      currency: 'CNY' as const,
      wallet_merchant,
      amount,
      paid_at: new Date(at.getTime() - 16 * 60_000),
    }));
    const situation = async () => {
      const payment = await rig.reload(order.payment);
      const attempts = await findAttempts(rig.app, payment);
      const attempt = attempts.find(({ wallet_reference }) => wallet_reference === order.whole);
      assert(attempt, 'it has an attempt');
      return { payment, attempt, attempts, wallet_merchant };
    };
    const before = await situation();
    const told = { wallet_reference: order.whole, facts };
    await advanceCombined(rig.app, account, told, 'notification');
    for (const seen of [before, await situation()]) {
      await noticePartlyPaid(rig.app, account, seen, facts.slice(0, 1), 'query');
    }
    expect(await breaksOf(order.payment)).toEqual([]);
  });
});

interface Lost {
  readonly payment: Payment;
  readonly whole: string;
  readonly date: string;
  readonly lines: readonly PlantedLine[];
}

function breaksOf(payment: Payment): Promise<Break[]> {
  return selectBreaks(rig.app.db, {
    book: payment.book,
    account_id: null,
    bill_id: null,
    payment_id: payment.id,
    state: null,
    kind: null,
    until: null,
    before: null,
    limit: 10,
  });
}
