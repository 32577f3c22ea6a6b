import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shanghaiTime } from '../../../clock.ts';
import {
  dailyFileName,
  encodeSigned,
  encodeZmLine,
  type ZmLine,
} from '../../../protocols/union-pay/daily-file.ts';
import { clearingDate } from '../../../protocols/union-pay/transactions.ts';
import type { Fault } from '../../../sandbox/faults.ts';
import { BillError, type BillLine } from '../../products/bills.ts';
import { AMOUNT, type Bench, openBench } from '../testing.ts';
import { linesOf } from './bills.ts';

/** A day's file: what is read of it, and what is refused. */
const MER_ID = '777290058110048';
const ABOUT = { mer_id: MER_ID, date: '2026-01-01' };

const LINE: Partial<ZmLine> = {
  time: '1231235900',
  amount: '000000001234',
  query_id: '951807261002324791038',
  order_id: 'ORDER0000000001',
  fee: encodeSigned(-7n),
  mer_id: MER_ID,
  txn_type: '01',
  txn_sub_type: '07',
};

function packed(files: Readonly<Record<string, string>>): string {
  const entries = Object.entries(files).map(([name, text]) => [name, strToU8(text)] as const);
  return deflateSync(zipSync(Object.fromEntries(entries))).toString('base64');
}

const named = dailyFileName(ABOUT.date, 'ZM', MER_ID);
const fileOf = (...lines: Partial<ZmLine>[]) =>
  packed({ [named]: lines.map((line) => `${encodeZmLine({ ...LINE, ...line })}\r\n`).join('') });

async function read(content: string): Promise<BillLine[]> {
  const lines: BillLine[] = [];
  for await (const line of linesOf(content, ABOUT)) lines.push(line);
  return lines;
}

describe('a file', () => {
  test('of the first of January has trades of the last evening of the year', async () => {
    const [late, early] = await read(fileOf({}, { time: '0101120000' }));
    expect(late).toMatchObject({ kind: 'payment', amount: 1234n, fee: 7n, coupons: 0n, line: 1 });
    expect([late?.at, early?.at].map((at) => at?.toISOString())).toEqual([
      '2025-12-31T15:59:00.000Z',
      '2026-01-01T04:00:00.000Z',
    ]);
  });

  test('has refunds under their payment’s number, with what comes back of the fee', async () => {
    const refund = {
      txn_type: '04',
      order_id: 'REFUND0000000001',
      query_id: '951807261002324791039',
      orig_query_id: '951807261002324791038',
      reserved: 'ORDER0000000001',
      fee: encodeSigned(2n),
    };
    expect(
      await read(fileOf(refund, { ...refund, orig_order_id: 'ORDER0000000002' })),
    ).toMatchObject([
      {
        kind: 'refund',
        wallet_reference: 'ORDER0000000001',
        refund_reference: 'REFUND0000000001',
        wallet_refund_id: '951807261002324791039',
        fee: -2n,
      },
      { kind: 'refund', wallet_reference: 'ORDER0000000002' },
    ]);
  });

  test('of nothing is empty, beside a file of disputes', async () => {
    const zme = dailyFileName(ABOUT.date, 'ZME', MER_ID);
    expect(await read(packed({ [named]: '', [zme]: 'whatever' }))).toEqual([]);
  });

  test.each<[string, () => string, RegExp]>([
    ['is no base64 of a ZIP', () => 'AAAA', /unpacked/],
    ['is empty', () => '', /unpacked/],
    [
      'is a ZIP that was not deflated',
      () => Buffer.from(zipSync({})).toString('base64'),
      /unpacked/,
    ],
    ['was cut', () => fileOf({}).slice(0, 120), /unpacked/],
    ['has no file of this merchant', () => packed({ ZM_999: '' }), /not one ZM file/],
    ['has two of them', () => packed({ [named]: '', [`x${named}`]: '' }), /not one ZM file/],
    [
      'has a line of another merchant',
      () => fileOf({ mer_id: '777290058110049' }),
      /line 1: .*another/,
    ],
    ['has a line that is too short', () => packed({ [named]: 'S22 000' }), /line 1: .*columns/],
    [
      'has an amount that is none',
      () => fileOf({}, { amount: '00000000x234' }),
      /line 2: .*amount/,
    ],
    ['has a fee without a side', () => fileOf({ fee: '0000000000007' }), /line 1: .*amount/],
    ['has a time that is none', () => fileOf({ time: '1332000000' }), /line 1: .*time/],
    ['has a trade of an unknown type', () => fileOf({ txn_type: '88' }), /line 1: .*type "88"/],
    [
      'has an empty line in its middle',
      () => packed({ [named]: `\r\n${encodeZmLine(LINE)}\r\n` }),
      /line 1: .*columns/,
    ],
  ])('that %s says so, and nothing of it counts', async (_what, content, said) => {
    const reading = read(content());
    await expect(reading).rejects.toThrow(BillError);
    await expect(read(content())).rejects.toThrow(said);
  });

  test('that inflates beyond every sensible size is not inflated', async () => {
    const part = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
    const parts = Array.from({ length: 600 }, () => part);
    const bomb = Buffer.concat([Buffer.from('789c', 'hex'), ...parts]).toString('base64');
    await expect(read(bomb)).rejects.toThrow(/unpacked/);
  });
});

describe('asking for one', () => {
  let on: Bench;
  let date = '';
  beforeAll(async () => {
    on = await openBench();
    await on.paid();
    date = clearingDate(on.world.clock.now());
    const morning = Date.parse(`${date}T09:30:00+08:00`) + 86_400_000;
    on.world.clock.advance(morning - on.world.clock.now().getTime());
  });
  beforeEach(() => on.renew());
  afterAll(() => on.stop());

  const fetchOf = (of: string, asked_at = on.world.clock.now()) => {
    const { bills } = on.wallet;
    if (!bills) throw new Error('no bills');
    return bills.fetch(on.account, { kind: 'payments', date: of, asked_at });
  };
  const strike = (fault: Fault) => on.world.faults.set([{ fault, probability: 1, remaining: 1 }]);

  test('gives the trades of the day, read once', async () => {
    const got = await fetchOf(date);
    if (got.kind !== 'bill') throw new Error(got.kind);
    const lines: BillLine[] = [];
    for await (const line of got.bill.lines()) lines.push(line);
    expect(lines).toMatchObject([{ kind: 'payment', amount: AMOUNT }]);
    expect(got.bill.summary()).toMatchObject({ payments: { count: 1, amount: AMOUNT } });
    expect(() => got.bill.lines()).toThrow(BillError);
  });

  test('that is late, of today, or of tomorrow, is to be asked again', async () => {
    strike('bill_late');
    expect((await fetchOf(date)).kind).toBe('not_ready');
    expect((await fetchOf(shanghaiTime(on.world.clock.now()).slice(0, 10))).kind).toBe('not_ready');
  });

  test('of a day so long ago that its name means another is refused', async () => {
    expect(await fetchOf('2020-01-01')).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    expect(await fetchOf('yesterday')).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const { bills } = on.wallet;
    expect(await bills?.fetch(on.account, { kind: 'funds', date })).toMatchObject({
      kind: 'refused',
    });
  });

  test.each<Fault>([
    'connection_reset',
    'error_before_effect',
    'answer_cut',
    'answer_probed',
    'answer_unsigned',
  ])('whose answer suffers %s is unknown', async (fault) => {
    strike(fault);
    expect((await fetchOf(date)).kind).toBe('unknown');
  });
});
