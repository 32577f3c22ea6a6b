import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../package-root.ts';
import { buildZip, readZip } from '../../../protocols/alipay/bill-zip.ts';
import type { BillType } from '../../../protocols/alipay/bills.ts';
import { BillError, type BillLine } from '../../products/bills.ts';
import { openArchive } from './archive.ts';
import { linesOf } from './bills.ts';
import type { Meant } from './lines.ts';

/** Reading bill archives: every quirk as a file that another program wrote, bombs and garbage. */
const vector = (name: string) =>
  readFileSync(join(packageRoot(), 'test', 'vectors', 'bills', `alipay-${name}.zip`));

const MEANT: Meant = { date: '2026-11-20', account: '2088100000000001' };

async function read(file: Buffer, type: BillType = 'trade', meant = MEANT): Promise<BillLine[]> {
  const lines: BillLine[] = [];
  for await (const line of linesOf(file, type, meant)) lines.push(line);
  return lines;
}

const withoutLines = (lines: BillLine[]) => lines.map(({ line: _line, ...rest }) => rest);

const PAYMENT = {
  kind: 'payment',
  wallet_reference: 'HT0001',
  wallet_transaction_id: '2026112022001400000000000001',
  amount: 1234n,
  fee: 7n,
  coupons: 34n,
  at: new Date('2026-11-20T09:00:05+08:00'),
  state: '交易',
};
const REFUND = {
  ...PAYMENT,
  kind: 'refund',
  refund_reference: 'HR0001',
  amount: 500n,
  fee: -2n,
  coupons: 14n,
  at: new Date('2026-11-20T10:30:00+08:00'),
  state: '退款',
};

describe('the same bill', () => {
  test.each([
    'trade',
    'trade-summary-first',
    'trade-utf8-names-stored',
    'trade-half-width',
    'trade-lf-no-end',
    'trade-empty-lines',
    'trade-commas',
    'trade-extra-column',
    'trade-names-with-paths',
  ])('written as %s gives the same lines', async (name) => {
    expect(withoutLines(await read(vector(name)))).toEqual([PAYMENT, REFUND]);
  });

  test('of the account has money in and out, with empty or zero for the other', async () => {
    expect(withoutLines(await read(vector('account'), 'signcustomer'))).toEqual([
      {
        kind: 'fund',
        entry_id: '54632446537371',
        direction: 'in',
        amount: 1200n,
        balance: 11_200n,
        at: new Date('2026-11-20T09:00:05+08:00'),
        type: '在线支付',
        wallet_transaction_id: '2026112022001400000000000001',
        wallet_reference: 'HT0001',
        note: '',
      },
      expect.objectContaining({ direction: 'out', amount: 7n, balance: 11_193n, note: '服务费' }),
    ]);
  });
});

const failure = (file: Buffer, type?: BillType, meant?: Meant) =>
  read(file, type, meant).catch((error: unknown) => error);

describe('a bill is refused', () => {
  test.each([
    ['trade-wrong-total', 9, /交易合计.*the lines give 1 and 1200 fen/],
    ['trade-wrong-count', 0, /count 2 payments and 1 refunds, the lines give 1 and 1/],
    ['trade-cut', 7, /ends before its totals/],
    ['trade-other-day', 3, /is about 2026-11-19/],
    ['account', 0, /no #支付宝业务明细查询 inside/],
  ])('%s', async (name, line, message) => {
    const error = await failure(vector(name));
    expect(error).toBeInstanceOf(BillError);
    expect(error).toMatchObject({ line, message: expect.stringMatching(message) });
  });

  test('of another account, unless a seller’s was asked for', async () => {
    const other = { ...MEANT, account: '2088999999999999' };
    expect(await failure(vector('trade'), 'trade', other)).toMatchObject({
      line: 2,
      message: expect.stringContaining('another account'),
    });
    expect(await read(vector('trade'), 'trade', { ...MEANT, account: undefined })).toHaveLength(2);
  });
});

function entry(name: string, content: Buffer, claims: { size?: number; crc32?: number } = {}) {
  return {
    name: iconv.encode(name, 'gbk'),
    deflated: deflateRawSync(content),
    size: claims.size ?? content.length,
    crc32: claims.crc32 ?? crc32(content),
  };
}

const detail = () => {
  const [name, bytes] = Object.entries(unzipSync(vector('trade')))[0] ?? [];
  if (!name || !bytes) throw new Error('no entry');
  return Buffer.from(bytes);
};

describe('an archive', () => {
  test('that we build opens in another program, name and content alike', () => {
    const zip = buildZip([entry('业务明细.csv', detail()), entry('汇总.csv', Buffer.from('x'))]);
    const opened = unzipSync(zip);
    expect(Object.values(opened).map((bytes) => Buffer.from(bytes))).toEqual([
      detail(),
      Buffer.from('x'),
    ]);
    const [first] = readZip(zip, 5);
    expect(typeof first !== 'string' && first && iconv.decode(first.name, 'gbk')).toBe(
      '业务明细.csv',
    );
    expect(typeof first !== 'string' && first?.utf8).toBe(false);
  });

  test('whose entry is larger or other than it claims is refused', async () => {
    for (const claims of [{ size: 10 }, { size: 1_000_000 }, { crc32: 1 }]) {
      expect(await failure(buildZip([entry('a.csv', detail(), claims)]))).toBeInstanceOf(BillError);
    }
  });

  test('that claims ten gigabytes, holds a bomb or a thousand entries is refused soon', async () => {
    const started = performance.now();
    const bomb = entry('a.csv', Buffer.alloc(256 * 1024 * 1024, '#\n'));
    const claims = entry('b.csv', detail(), { size: 0xffff_fff0 });
    const many = Array.from({ length: 1000 }, () => entry('c.csv', Buffer.from('#')));
    for (const entries of [[bomb], [claims, claims, claims], many]) {
      expect(await failure(buildZip(entries))).toBeInstanceOf(BillError);
    }
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test('holds its limits while it streams, not after', async () => {
    const content = Buffer.alloc(8 * 1024 * 1024, 'a,b\n');
    const limits = { max_bytes: 100_000, max_ratio: 10_000 };
    await expect(openArchive(buildZip([entry('a.csv', content)]), limits)).rejects.toBeInstanceOf(
      BillError,
    );
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<html>下载链接已过期</html>')],
    ['its first half', vector('trade').subarray(0, 700)],
    ['its second half', vector('trade').subarray(700)],
  ])('that is %s is refused', async (_name, bytes) => {
    expect(await failure(bytes)).toBeInstanceOf(BillError);
  });
});

test('csv-parse reads the same cells', async () => {
  const text = iconv.decode(detail(), 'gbk');
  const rows = parse(text, { comment: '#', columns: true, trim: true }) as Record<string, string>[];
  const lines = await read(vector('trade'));
  expect(
    rows.map((row) => [row['支付宝交易号'], row['订单金额（元）'], row['服务费（元）']]),
  ).toEqual([
    ['2026112022001400000000000001', '12.34', '-0.07'],
    ['2026112022001400000000000001', '-5.00', '0.02'],
  ]);
  expect(lines.map((line) => line.amount)).toEqual([1234n, 500n]);
});

test('garbage never does anything but throw a BillError, inside the text or around it', async () => {
  const text = detail();
  const changes = fc.array(fc.record({ at: fc.nat(text.length - 1), byte: fc.nat(255) }), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(text.length), async (changed, cut) => {
      const file = Buffer.from(text.subarray(0, cut));
      for (const { at, byte } of changed) if (at < cut) file[at] = byte;
      const found = await failure(buildZip([entry('a.csv', file)]));
      if (Array.isArray(found)) expect(found).toHaveLength(2);
      else expect(found).toBeInstanceOf(BillError);
    }),
    { numRuns: 300 },
  );
  const zip = vector('trade');
  await fc.assert(
    fc.asyncProperty(fc.nat(zip.length - 1), fc.nat(255), async (at, byte) => {
      const file = Buffer.from(zip);
      file[at] = byte;
      const found = await failure(file);
      if (!Array.isArray(found)) expect(found).toBeInstanceOf(BillError);
    }),
    { numRuns: 500 },
  );
});
