import { beforeAll, describe, expect, test } from 'vitest';
import { createAttempt } from '../../src/attempts/create.ts';
import { findAttempts } from '../../src/attempts/find.ts';
import { sql } from '../../src/db/pool.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { type FaultSetting, seededRandom } from '../../src/sandbox/faults.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';

/** 1,000 in `npm run test:full`. */
const PAYMENTS = process.env['HUTONG_TEST_FULL'] === '1' ? 1_000 : 100;
const AT_ONCE = 24;
const SEED = 20_261_121;

const STORM: FaultSetting[] = [
  { fault: 'notification_duplicated', probability: 1, copies: 5 },
  { fault: 'notification_delayed', probability: 0.5, delay_ms: 400 },
  { fault: 'notification_lost', probability: 0.2 },
  { fault: 'error_after_effect', probability: 0.1 },
];

let rig: MoneyRig;
const random = seededRandom(SEED);

beforeAll(async () => {
  rig = await startMoneyRig({ HUTONG_WALLET_TIMEOUT_MS: '3000' });
});

/** Tries as a shopper would: again, or with another wallet, until a code is on the screen. */
async function codeOf(payment: Payment, first: WalletName): Promise<[WalletName, string]> {
  for (let round = 0; round < 20; round += 1) {
    const wallet = round % 4 === 3 ? other(first) : first;
    const attempt = await createAttempt(rig.app, {
      payment,
      wallet,
      presentation: 'qr',
      client_ip: '127.0.0.1',
    });
    if (attempt.presentation_data?.kind === 'qr') return [wallet, attempt.presentation_data.qr];
  }
  throw new Error(`no wallet shows a code for ${payment.id}`);
}

function other(wallet: WalletName): WalletName {
  return WALLETS[(WALLETS.indexOf(wallet) + 1) % WALLETS.length] ?? 'alipay';
}

async function buy(index: number): Promise<void> {
  const payment = await rig.create({ amount: BigInt(100 + index), reference: `chaos-${index}` });
  const first = WALLETS[index % WALLETS.length] ?? 'alipay';
  const switches = random() < 0.15;
  const shown = await codeOf(payment, switches ? other(first) : first);
  const [wallet, qr] = switches ? await codeOf(payment, first) : shown;
  await rig.payAt(wallet, qr);
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function counts(): Promise<Record<string, number>> {
  const rows = await rig.app.db.query<{ state: string; n: bigint }>(sql`
    select state, count(*) as n from payments where book = 0 group by state`);
  return Object.fromEntries(rows.map((row) => [row.state, Number(row.n)]));
}

describe('under lost, late, doubled notifications and answers lost after the effect', () => {
  test(`${PAYMENTS} payments end as the wallets’ books say, and none is paid twice`, async () => {
    for (const wallet of WALLETS) rig.faults[wallet].set(STORM, SEED);
    await inParallel(PAYMENTS, buy);
    await rig.until(counts, (now) => now['succeeded'] === PAYMENTS);
    for (const wallet of WALLETS) rig.faults[wallet].set([]);
    await rig.until(rig.expectBooksEqual, (found) => found.length === 0);
    const [twice] = await rig.app.db.query<{ n: bigint }>(sql`
      select count(*) as n from (
        select payment_id from attempts where book = 0 and state = 'succeeded'
        group by payment_id having count(*) > 1) t`);
    expect(twice?.n).toBe(0n);
    const [told] = await rig.app.db.query<{ n: bigint; payments: bigint }>(sql`
      select count(*) as n, count(distinct object_id) as payments
      from events where book = 0 and type = 'payment.succeeded'`);
    expect(told).toEqual({ n: BigInt(PAYMENTS), payments: BigInt(PAYMENTS) });
  });

  test('refunds in the storm return what was asked, once', async () => {
    for (const wallet of WALLETS) rig.faults[wallet].set(STORM, SEED + 1);
    const ids = await rig.app.db.query<{ id: string }>(sql`
      select id from payments where book = 0 and state = 'succeeded' order by id limit 40`);
    await inParallel(ids.length, async (index) => {
      const id = ids[index]?.id ?? '';
      const payment = await rig.reload({ id: id as Payment['id'] });
      const amount = payment.amount / 2n;
      await createRefund(rig.app, {
        payment,
        amount,
        reference: 'half',
        reason: 'half',
        metadata: {},
      });
    });
    const left = () =>
      rig.app.db.query(sql`select id, state from refunds where book = 0 and state <> 'succeeded'`);
    await rig.until(left, (rows) => rows.length === 0);
    for (const wallet of WALLETS) rig.faults[wallet].set([]);
    await rig.until(rig.expectBooksEqual, (found) => found.length === 0);
  });

  test('an order paid at both wallets gives the second money back, with one event', async () => {
    const payment = await rig.create({ amount: 4_321n, reference: 'both' });
    const first = await createAttempt(rig.app, {
      payment,
      wallet: 'alipay',
      presentation: 'qr',
      client_ip: '127.0.0.1',
    });
    const second = await createAttempt(rig.app, {
      payment,
      wallet: 'wechat_pay',
      presentation: 'qr',
      client_ip: '127.0.0.1',
    });
    for (const [wallet, attempt] of [
      ['alipay', first],
      ['wechat_pay', second],
    ] as const) {
      if (attempt.presentation_data?.kind === 'qr') {
        await rig.payAt(wallet, attempt.presentation_data.qr);
      }
    }
    await rig.until(
      () => rig.reload(payment),
      (now) => now.state === 'succeeded',
    );
    const events = () =>
      rig.app.db.query<{ type: string }>(sql`
        select type from events where book = 0 and payment_id = ${payment.id} and public
          and type in ('payment.succeeded', 'payment.money_returned') order by id`);
    const told = await rig.until(events, (rows) => rows.length >= 2);
    expect(told.map((row) => row.type)).toEqual(['payment.succeeded', 'payment.money_returned']);
    const attempts = await findAttempts(rig.app, payment);
    expect(attempts.filter((attempt) => attempt.state === 'succeeded')).toHaveLength(1);
    expect(attempts.filter((attempt) => attempt.returned === 4_321n)).toHaveLength(1);
    await rig.until(rig.expectBooksEqual, (found) => found.length === 0);
  });
});
