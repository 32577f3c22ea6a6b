import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../package-root.ts';
import { thousandths, wholeFen } from '../../../protocols/wechat-pay/bills.ts';
import { splitFile } from '../../../sandbox/wechat-pay/bills/split-bill.ts';
import { type TradeLine, tradeFile } from '../../../sandbox/wechat-pay/bills/trade-bill.ts';
import { BillError, type BillKind, type BillLine } from '../../products/bills.ts';
import { linesOf } from './bills.ts';

/** Reading bill files: every quirk as a file, any book there and back, and garbage. */
const vector = (name: string) =>
  readFileSync(join(packageRoot(), 'test', 'vectors', 'bills', `wechat-pay-${name}.csv`));

async function read(file: Buffer, kind: BillKind = 'payments'): Promise<BillLine[]> {
  const lines: BillLine[] = [];
  for await (const line of linesOf(kind, [file])) lines.push(line);
  return lines;
}

const PAYMENT = {
  kind: 'payment',
  wallet_reference: 'HT0001',
  wallet_transaction_id: '4200000001202611201234567890',
  amount: 1234n,
  fee: 7n,
  coupons: 234n,
  at: new Date('2026-11-20T09:00:00+08:00'),
  state: 'SUCCESS',
};
const REFUND = {
  ...PAYMENT,
  kind: 'refund',
  refund_reference: 'HR0001',
  wallet_refund_id: '50300000012026112000000000001',
  amount: 500n,
  fee: -2n,
  coupons: 95n,
  at: new Date('2026-11-20T10:30:00+08:00'),
  state: 'PROCESSING',
  unfinished: true,
};

const withoutLines = (lines: BillLine[]) => lines.map(({ line: _line, ...rest }) => rest);

describe('the same bill', () => {
  test.each(['trade', 'trade-lf-no-end', 'trade-empty-lines', 'trade-commas', 'trade-reordered'])(
    'written as %s gives the same lines',
    async (name) => {
      expect(withoutLines(await read(vector(name)))).toEqual([PAYMENT, REFUND]);
      expect(withoutLines(await read(gzipSync(vector(name))))).toEqual([PAYMENT, REFUND]);
    },
  );

  test('says which line of the file each line is', async () => {
    expect((await read(vector('trade'))).map(({ line }) => line)).toEqual([2, 3]);
    expect((await read(vector('trade-empty-lines'))).map(({ line }) => line)).toEqual([4, 6]);
  });

  test.each(['funds', 'funds-full-width'])('of money, written as %s', async (name) => {
    const [first, second] = withoutLines(await read(vector(name), 'funds'));
    expect(first).toEqual({
      kind: 'fund',
      entry_id: '1600000001202611200000000001',
      direction: 'in',
      amount: 1234n,
      balance: 11_234n,
      at: new Date('2026-11-20T09:00:00+08:00'),
      type: '交易',
      wallet_transaction_id: '4200000001202611201234567890',
      wallet_reference: 'HT0001',
      note: '',
    });
    expect(second).toMatchObject({ direction: 'out', amount: 498n, wallet_reference: 'HR0001' });
  });
});

describe('a bill is refused', () => {
  test.each([
    ['trade-wrong-total', 5, /应结订单总金额 is 12.01, the lines give 12.00000/],
    ['trade-wrong-count', 5, /总交易单数 is 3.0, the lines give 2/],
    ['trade-cut', 3, /ends before its totals/],
    ['trade-short-row', 3, /24 values for 27 columns/],
    ['trade-bad-amount', 2, /订单金额 cannot be "1e3"/],
  ])('%s, at line %i', async (name, line, message) => {
    const error = await read(vector(name)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BillError);
    expect(error).toMatchObject({ line, message: expect.stringMatching(message) });
  });

  test.each([
    ['a web page', '<html><body>502</body></html>'],
    ['an error', '{"code":"SYSTEM_ERROR","message":"系统错误"}'],
    ['the other kind', vector('funds').toString('utf8')],
    ['nothing', ''],
    ['one endless line', '`'.repeat(200_000)],
    ['columns without end', `${'列,'.repeat(1000)}\r\n`],
    ['lines after the totals', `${vector('trade').toString('utf8')}\`x\r\n`],
  ])('that is %s', async (_name, text) => {
    await expect(read(Buffer.from(text))).rejects.toBeInstanceOf(BillError);
  });

  test('whose compression is cut, damaged, or hides far too much', async () => {
    const good = gzipSync(vector('trade'));
    const damaged = Buffer.from(good);
    damaged[30] = (damaged[30] ?? 0) ^ 0xff;
    const bomb = gzipSync(Buffer.alloc(512 * 1024 * 1024));
    const started = performance.now();
    for (const file of [good.subarray(0, -9), good.subarray(0, 20), damaged, bomb]) {
      await expect(read(file)).rejects.toBeInstanceOf(BillError);
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

const fen = fc.bigInt(1n, 10_000_000_000n);
const number = fc.stringMatching(/^[0-9A-Za-z_-]{6,20}$/);
const name = fc.string({ unit: 'grapheme', maxLength: 20 });

/** Payments and refunds as the sandbox writes them, with names that hurt. */
const tradeLine: fc.Arbitrary<TradeLine> = fc
  .record({ amount: fen, less: fen, cash: fen, fee: fc.bigInt(0n, 60_000n) })
  .chain(({ amount, less, cash, fee }) =>
    fc.record({ isRefund: fc.boolean(), number, name, attach: name }).map((about) => {
      const settled = amount - (less % amount);
      const coupon = cash % (settled + 1n);
      const zero = { total: 0n, settled: 0n, cash_coupons: 0n };
      const none = { refund: 0n, refund_settled: 0n, cash_coupons_back: 0n };
      const money = about.isRefund
        ? { ...zero, refund: amount, refund_settled: settled, cash_coupons_back: coupon, fee: -fee }
        : { ...none, total: amount, settled, cash_coupons: coupon, fee };
      return {
        ...money,
        texts: {
          交易时间: '2026-11-20 09:00:00',
          微信订单号: `42${about.number}`,
          商户订单号: `T${about.number}`,
          交易状态: about.isRefund ? 'REFUND' : 'SUCCESS',
          微信退款单号: about.isRefund ? `50${about.number}` : '0',
          商户退款单号: about.isRefund ? `R${about.number}` : '0',
          退款状态: about.isRefund ? 'SUCCESS' : '',
          商品名称: about.name,
          商户数据包: about.attach,
        },
      };
    }),
  );

const entries = (book: readonly TradeLine[]) => book.map((line) => () => line);

function summed(lines: readonly BillLine[]) {
  const sum = { payment: 0n, refund: 0n, fee: 0n };
  for (const line of lines) {
    if (line.kind !== 'payment' && line.kind !== 'refund') continue;
    sum[line.kind] += line.amount;
    sum.fee += line.fee;
  }
  return sum;
}

test('any book of payments and refunds comes back to the fen, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tradeLine, { minLength: 1, maxLength: 30 }), async (book) => {
      const written = Buffer.from([...tradeFile('ALL', entries(book))].join(''), 'utf8');
      const lines = await read(written);
      expect(lines).toHaveLength(book.length);
      for (const [index, line] of lines.entries()) {
        const entry = book[index];
        if (!entry || (line.kind !== 'payment' && line.kind !== 'refund')) throw new Error('?');
        expect(line.amount).toBe(entry.total + entry.refund);
        expect(line.fee).toBe(entry.fee);
        expect(line.wallet_reference).toBe(entry.texts.商户订单号);
        const settled = entry.settled + entry.refund_settled;
        const cash = entry.cash_coupons + entry.cash_coupons_back;
        expect(line.coupons).toBe(line.amount - settled + cash);
      }
      const turned = Buffer.from(
        [...tradeFile('ALL', entries(book.toReversed()))].join(''),
        'utf8',
      );
      expect(summed(await read(turned))).toEqual(summed(lines));
    }),
    { numRuns: 150 },
  );
});

test('a bill of splits tells what was given and what came back', async () => {
  const texts = {
    分账时间: '2026-11-20 09:00:00',
    微信订单号: '4200000001202611201234567890',
    '微信分账/回退单号': '30084507',
    '商户分账/回退单号': 'S1',
    分账接收方: '1600000002',
    分账描述: '佣金, `三月`',
    处理状态: '成功',
  };
  const book = [
    { returned: false, amount: 1_500n, texts: { ...texts, 业务类型: '分账' } },
    { returned: true, amount: 400n, texts: { ...texts, 业务类型: '分账回退' } },
  ];
  const lines = await read(Buffer.from([...splitFile(book)].join('')), 'splits');
  expect(withoutLines(lines)).toEqual([
    {
      kind: 'split',
      wallet_transaction_id: texts.微信订单号,
      wallet_split_id: '30084507',
      split_reference: 'S1',
      receiver: '1600000002',
      amount: 1_500n,
      at: new Date('2026-11-20T09:00:00+08:00'),
      state: '成功',
    },
    expect.objectContaining({ kind: 'split_return', amount: 400n }),
  ]);
});

test('csv-parse reads the same cells where no name holds a comma', async () => {
  const [header = [], ...rows] = parse(vector('trade'), {
    bom: true,
    relax_column_count: true,
    record_delimiter: '\r\n',
  }) as string[][];
  const cells = (row: string[] = []) =>
    Object.fromEntries(row.map((cell, index) => [header[index], cell.slice(1)]));
  const [payment, refund] = await read(vector('trade'));
  expect(cells(rows[0])).toMatchObject({ 订单金额: '12.34', 商户订单号: 'HT0001' });
  expect(payment).toMatchObject({ amount: 1234n, wallet_reference: 'HT0001' });
  expect(cells(rows[1])).toMatchObject({ 申请退款金额: '5.00', 商户退款单号: 'HR0001' });
  expect(refund).toMatchObject({ amount: 500n, refund_reference: 'HR0001' });
});

test('garbage never does anything but throw a BillError, and soon', async () => {
  const good = vector('trade');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) }), { maxLength: 8 }),
      fc.nat(good.length),
      async (changes, cut) => {
        const file = Buffer.from(good.subarray(0, cut));
        for (const { at, byte } of changes) if (at < cut) file[at] = byte;
        const lines = await read(file).catch((error: unknown) => error);
        if (Array.isArray(lines)) expect(lines).toHaveLength(2);
        else expect(lines).toBeInstanceOf(BillError);
      },
    ),
    { numRuns: 500 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      await expect(read(Buffer.from(bytes))).rejects.toBeInstanceOf(BillError);
    }),
    { numRuns: 300 },
  );
});

test('a fee of five decimals is rounded half away from zero', () => {
  const cases = {
    '0.00499': 0n,
    '0.00500': 1n,
    '-0.00500': -1n,
    '-0.00499': 0n,
    '12.34567': 1235n,
  };
  for (const [text, rounded] of Object.entries(cases)) {
    expect([text, wholeFen(thousandths(text) ?? 0n)]).toEqual([text, rounded]);
  }
  for (const text of ['1e2', '0.123456', '', '1.', '.5', '١', '0x1', '1,000.00']) {
    expect([text, thousandths(text)]).toEqual([text, undefined]);
  }
});

test('an amount of any size and any number of decimals is read to the thousandth', () => {
  const amount = fc.record({
    minus: fc.boolean(),
    whole: fc.bigInt({ min: 0n, max: 999_999_999_999n }),
    fraction: fc.stringMatching(/^[0-9]{0,5}$/),
  });
  fc.assert(
    fc.property(amount, ({ minus, whole, fraction }) => {
      const text = `${minus ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
      const value = whole * 100_000n + BigInt(fraction.padEnd(5, '0'));
      expect(thousandths(text)).toBe(minus ? -value : value);
    }),
  );
  const number = /^-?\d{1,12}(\.\d{1,5})?$/;
  fc.assert(
    fc.property(fc.stringMatching(/^[-.0-9 x]{0,12}$/), (text) => {
      expect(thousandths(text) !== undefined).toBe(number.test(text));
    }),
  );
});
