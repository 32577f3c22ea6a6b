import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TestHub } from '../../test/support/hub.ts';
import {
  type Booking,
  book,
  openMerchant,
  openStalls,
  type Stalls,
} from '../../test/support/stalls.ts';
import { type BusinessDate, businessDate, dayAfter, startOfDay } from '../clock.ts';
import { sql } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { mintKey } from '../platforms/keys.ts';
import { sellerBalance } from './balance.ts';
import { lastFullDay, type MerchantAt, settleMerchant } from './settle.ts';
import { openStatement, readPage, type ShownLine } from './statement.ts';

/** Settlements and statements over random postings: every sum is the ledger's. */
let stalls: Stalls;
let hub: TestHub;
let key: string;
const RUNS = process.env['HUTONG_TEST_FULL'] === '1' ? 200 : 12;
const DAYS = 6;

beforeAll(async () => {
  stalls = await openStalls(['merchant_own', 'hub_held']);
  ({ hub, key } = stalls);
});

interface DayBooking extends Pick<Booking, 'what' | 'amount'> {
  readonly account: number;
  /** Days before the last full one. */
  readonly day: number;
}

const booking = fc.record({
  what: fc.constantFrom('payment', 'payment', 'refund', 'fee', 'fee_back', 'adjustment'),
  amount: fc.bigInt(1n, 1_000_000n),
  account: fc.nat(1),
  day: fc.nat(DAYS - 1),
}) as fc.Arbitrary<DayBooking>;

const noon = 12 * 3_600_000;

function bookOn(merchant: MerchantAt, { account, day, ...one }: DayBooking): Promise<void> {
  const at = startOfDay(dayAfter(lastFullDay(hub.app), -day)).getTime() + noon;
  const wallet_account_id = stalls.accounts[account] ?? '';
  return book(stalls, merchant, { ...one, wallet_account_id, at: new Date(at) });
}

function signed({ what, amount }: DayBooking): bigint {
  return what === 'payment' || what === 'fee_back' ? amount : -amount;
}

async function settledNets(merchant_id: string) {
  return hub.app.db.query<{ net: bigint; lines: bigint; line_count: number }>(sql`
    select s.net, s.line_count, (select coalesce(sum(l.amount), 0)::bigint from settlement_lines l
      where l.book = s.book and l.settlement_id = s.id) as lines
    from settlements s where s.book = 0 and s.merchant_id = ${merchant_id}`);
}

describe('settlements', () => {
  test('sum to the ledger, each posting on one of them, in whatever order it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(booking, { minLength: 1, maxLength: 12 }),
        fc.array(booking, { maxLength: 6 }),
        fc.nat(DAYS - 1),
        async (early, late, until) => {
          const { app } = hub;
          const merchant = await openMerchant(stalls);
          for (const one of early) await bookOn(merchant, one);
          const day = dayAfter(lastFullDay(app), -until);
          await Promise.all([
            settleMerchant(app, merchant, day),
            settleMerchant(app, merchant, day),
          ]);
          for (const one of late) await bookOn(merchant, one);
          await settleMerchant(app, merchant, lastFullDay(app));
          await settleMerchant(app, merchant, lastFullDay(app));
          const expected = [...early, ...late].reduce((sum, one) => sum + signed(one), 0n);
          const nets = await settledNets(merchant.merchant_id);
          // What is booked for a day that is settled waits for the next one, which may be today.
          const balance = await sellerBalance(app, merchant);
          const sum = nets.reduce((total, { net }) => total + net, 0n);
          const open = balance.accounts.reduce((t, one) => t + one.posted - one.settled, 0n);
          expect(nets.every(({ net, lines }) => net === lines)).toBe(true);
          expect(sum + open).toBe(expected);
          expect(balance.posted).toBe(expected);
          const lines = nets.reduce((total, { line_count }) => total + line_count, 0);
          expect(lines).toBeLessThanOrEqual(early.length + late.length);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('a day that is not over is not settled', async () => {
    const merchant = await openMerchant(stalls);
    const today = businessDate(hub.app.clock.now());
    await expect(settleMerchant(hub.app, merchant, today)).rejects.toThrow(/not over/);
  });

  test('what comes late is on the next day’s settlement, and today’s waits', async () => {
    const { app } = hub;
    const merchant = await openMerchant(stalls);
    const sale: DayBooking = { what: 'payment', amount: 700n, account: 1, day: 1 };
    await bookOn(merchant, sale);
    await settleMerchant(app, merchant, dayAfter(lastFullDay(app), -1));
    await bookOn(merchant, { ...sale, amount: 30n, day: 5 });
    await bookOn(merchant, { ...sale, amount: 1n, day: -1 });
    await settleMerchant(app, merchant, lastFullDay(app));
    const answer = await hub.call('GET', `/v1/settlements?merchant=${merchant.merchant_id}`, {
      key,
    });
    expect(answer.json['data']).toMatchObject([
      { date: lastFullDay(app), gross_amount: 30, net_amount: 30, state: 'settled' },
      { date: dayAfter(lastFullDay(app), -1), gross_amount: 700, net_amount: 700 },
    ]);
    const {
      accounts: [held],
    } = await sellerBalance(app, merchant);
    expect(held).toMatchObject({ posted: 731n, settled: 730n, available: 731n });
  });
});

async function allLines(
  at: MerchantAt & { from: BusinessDate; to: BusinessDate },
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<{ opening: bigint; closing: bigint; lines: ShownLine[] }> {
  const first = await openStatement(hub.app, at);
  const lines: ShownLine[] = [];
  let place: typeof first | undefined = first;
  while (place) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(hub.app, at, place, limit);
    expect(page.adds_up).toBe(true);
    lines.push(...page.lines);
    place = page.next;
    await between();
  }
  return { opening: first.opening, closing: first.closing, lines };
}

describe('a statement', () => {
  test('adds up line by line for any days and pages, whatever is booked meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(booking, { maxLength: 14 }),
        fc.nat(DAYS - 1),
        fc.nat(DAYS - 1),
        fc.integer({ min: 1, max: 5 }),
        async (bookings, a, b, limit) => {
          const merchant = await openMerchant(stalls);
          for (const one of bookings) await bookOn(merchant, one);
          const last = lastFullDay(hub.app);
          const from = dayAfter(last, -Math.max(a, b));
          const to = dayAfter(last, -Math.min(a, b));
          const late: DayBooking = { what: 'payment', amount: 5n, account: 0, day: Math.max(a, b) };
          const read = await allLines({ ...merchant, from, to }, limit, () =>
            bookOn(merchant, late),
          );
          const within = (one: DayBooking) =>
            one.day <= Math.max(a, b) && one.day >= Math.min(a, b);
          const before = bookings.filter((one) => one.day > Math.max(a, b));
          const sum = (of: readonly DayBooking[]) => of.reduce((t, one) => t + signed(one), 0n);
          expect(read.opening).toBe(sum(before));
          expect(read.lines).toHaveLength(bookings.filter(within).length);
          expect(read.closing).toBe(sum(before) + sum(bookings.filter(within)));
          let balance = read.opening;
          for (const line of read.lines) {
            balance += line.amount;
            expect(line.balance).toBe(balance);
          }
          expect(balance).toBe(read.closing);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('is the same in JSON pages and in a CSV that a spreadsheet opens', async () => {
    const merchant = await openMerchant(stalls);
    for (const amount of [1_000n, 2_050n, 5n]) {
      await bookOn(merchant, { what: 'payment', amount, account: 0, day: 1 });
    }
    await bookOn(merchant, { what: 'refund', amount: 300n, account: 0, day: 0 });
    const day = lastFullDay(hub.app);
    const path = `/v1/merchants/${merchant.merchant_id}/statements?from=${dayAfter(day, -1)}&to=${day}`;
    const csv = await hub.call('GET', `${path}&format=csv`, { key });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const bytes = Buffer.from(
      await (
        await fetch(`${hub.url}${path}&format=csv`, {
          headers: { authorization: `Bearer ${key}` },
        })
      ).arrayBuffer(),
    );
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    const rows = csv.text
      .trim()
      .split('\r\n')
      .map((line) => line.split(','));
    expect(rows).toHaveLength(7);
    expect(rows[1]?.at(-1)).toBe('0.00');
    expect(rows.at(-1)?.slice(-3)).toEqual(['30.55', '3.00', '27.55']);
    let cursor = '';
    const balances: unknown[] = [];
    for (;;) {
      const page = await hub.call('GET', `${path}&limit=2${cursor}`, { key });
      expect(page.json).toMatchObject({ opening_balance: 0, closing_balance: 2_755 });
      const lines = page.json['data'];
      if (Array.isArray(lines)) balances.push(...lines.map(({ balance }) => balance));
      if (page.json['next_cursor'] === null) break;
      cursor = `&cursor=${String(page.json['next_cursor'])}`;
    }
    expect(balances).toEqual([1_000, 3_050, 3_055, 2_755]);
    const forged = Buffer.from('["0","9","0","99","2026-01-01T00:00:00.000Z","pst_x"]');
    const wrong = await hub.call('GET', `${path}&cursor=${forged.toString('base64url')}`, { key });
    expect([wrong.status, wrong.error?.param]).toEqual([400, 'cursor']);
  });

  test('is its merchant’s and its platform’s, and nobody else’s', async () => {
    const { app } = hub;
    const merchant = await openMerchant(stalls);
    const other = newId('plt');
    await app.db.query(sql`
      insert into platforms (id, slug, name) values (${other}, ${`p${randomUUID().slice(0, 8)}`}, 'X')`);
    const stranger = (await mintKey(app, app.db, { role: 'marketplace', platform_id: other }))
      .secret;
    const day = lastFullDay(app);
    const root = `/v1/merchants/${merchant.merchant_id}`;
    for (const path of [`${root}/balance`, `${root}/statements?from=${day}&to=${day}`]) {
      expect((await hub.call('GET', path, { key })).status).toBe(200);
      expect((await hub.call('GET', path, { key: stranger })).status).toBe(404);
    }
    const run = { key: stranger, body: { merchant: merchant.merchant_id } };
    expect((await hub.call('POST', '/v1/settlements', run)).status).toBe(404);
  });
});
