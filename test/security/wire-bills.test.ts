import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import {
  dailyFileName,
  encodeSigned,
  encodeZmLine,
} from '../../src/protocols/union-pay/daily-file.ts';
import { openArchive } from '../../src/wallets/alipay/bills/archive.ts';
import { linesOf as alipayLines } from '../../src/wallets/alipay/bills/bills.ts';
import { BillError, type BillLine } from '../../src/wallets/products/bills.ts';
import { linesOf as unionPayLines } from '../../src/wallets/union-pay/bills/bills.ts';
import { linesOf as wechatPayLines } from '../../src/wallets/wechat-pay/bills/bills.ts';
import { SEED } from './fuzz-storm.ts';
import { Dice } from './fuzz-values.ts';
import { badZips, zip } from './wire/archives.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { WIRE_FACTOR } from './wire/rig.ts';

/** Bill files that are bombs, lies or noise: refused soon, and without much memory. */
const MEGABYTE = 1024 * 1024;
const MER_ID = '777290058110048';
const ABOUT = { mer_id: MER_ID, date: '2026-01-05' };
const ZM = dailyFileName(ABOUT.date, 'ZM', MER_ID);

const vector = (name: string) =>
  readFileSync(join(packageRoot(), 'test', 'vectors', 'bills', name));

const ZM_LINE = `${encodeZmLine({
  time: '0105120000',
  amount: '000000001234',
  query_id: '951807261002324791038',
  order_id: 'ORDER0000000001',
  fee: encodeSigned(-7n),
  mer_id: MER_ID,
  txn_type: '01',
  txn_sub_type: '07',
})}\r\n`;

interface Read {
  readonly count: number;
  readonly error: unknown;
  readonly took_ms: number;
  /** Most bytes beside the heap before, as far as they could be seen. */
  readonly peak: number;
}

async function drained(open: () => AsyncIterable<BillLine>): Promise<Read> {
  const before = process.memoryUsage();
  const started = performance.now();
  let count = 0;
  let peak = 0;
  let error: unknown;
  try {
    for await (const line of open()) {
      count += 1;
      if (line.line % 2_000 === 0) {
        const { heapUsed, external } = process.memoryUsage();
        peak = Math.max(peak, heapUsed + external - before.heapUsed - before.external);
      }
    }
  } catch (caught) {
    error = caught;
  }
  const { heapUsed, external } = process.memoryUsage();
  peak = Math.max(peak, heapUsed + external - before.heapUsed - before.external);
  return { count, error, took_ms: performance.now() - started, peak };
}

type Reader = (file: Buffer) => AsyncIterable<BillLine>;

const ALIPAY: Reader = (file) =>
  alipayLines(file, 'trade', { date: '2026-11-20', account: undefined });
const UNION_PAY: Reader = (file) => unionPayLines(deflateSync(file).toString('base64'), ABOUT);
const WECHAT_PAY: Reader = (file) => wechatPayLines('payments', [file]);

async function refused(read: Reader, file: Buffer, limit_ms = 3_000): Promise<void> {
  const { error, took_ms, peak } = await drained(() => read(file));
  expect(error).toBeInstanceOf(BillError);
  expect(took_ms).toBeLessThan(limit_ms);
  expect(peak).toBeLessThan(160 * MEGABYTE);
}

const before = { heap: 0, most_kilobytes: process.resourceUsage().maxRSS };

beforeAll(async () => {
  before.heap = await settledHeap();
});

test('the good files are good', async () => {
  expect((await drained(() => WECHAT_PAY(vector('wechat-pay-trade.csv')))).error).toBeUndefined();
  expect(
    (await drained(() => UNION_PAY(zip([{ name: ZM, content: Buffer.from(ZM_LINE) }])))).count,
  ).toBe(1);
});

const UNION_PAY_BAD = badZips(ZM, Buffer.from(ZM_LINE));
const ALIPAY_BAD = badZips('a.csv', Buffer.from('#支付宝业务明细查询\r\n'));

describe('a ZIP of UnionPay with', () => {
  test.each(Object.keys(UNION_PAY_BAD))('%s is refused', async (name) => {
    await refused(UNION_PAY, UNION_PAY_BAD[name] ?? Buffer.alloc(0));
  });

  test.each(['../../../ZM', '/etc/ZM', 'C:\\ZM', 'a\u0000ZM'])(
    'the name %s is a name',
    async (start) => {
      const file = zip([{ name: `${start}_${MER_ID}`, content: Buffer.from(ZM_LINE) }]);
      const { count, error } = await drained(() => UNION_PAY(file));
      expect([count, error]).toEqual([1, undefined]);
    },
  );
});

describe('a ZIP of Alipay with', () => {
  test.each(Object.keys(ALIPAY_BAD))('%s is refused', async (name) => {
    await refused(ALIPAY, ALIPAY_BAD[name] ?? Buffer.alloc(0));
  });

  test.each(['../../../a.csv', '/etc/passwd', 'a\u0000b', '\u00ff\u00fe', ''])(
    'the name %s is a name',
    async (name) => {
      const tables = await openArchive(zip([{ name, content: Buffer.from('#title\r\n') }]));
      expect(tables.map(({ title }) => title)).toEqual(['#title']);
    },
  );
});

const SPACES = ' '.repeat(60_000);
const HEADER = vector('wechat-pay-trade.csv').toString('utf8').split('\r\n')[0] ?? '';

/** Lines that no wallet writes, as text of a table. */
const TEXTS: Readonly<Record<string, string>> = {
  'one endless line': 'x'.repeat(30_000_000),
  'one endless line of blanks': `${' '.repeat(30_000_000)}x`,
  'lines of blanks with something behind': `${HEADER}\r\n${`x${SPACES}x\r\n`.repeat(40)}`,
  'values of blanks with something behind': `${HEADER}\r\n${`\`x${SPACES}x,\`1\r\n`.repeat(40)}`,
  'a header of blanks': `x${SPACES}x,y\r\n`,
  'quotes without end': `"${'"'.repeat(60_000)}\r\n`,
  'a hundred thousand columns': `${Array.from({ length: 30_000 }, (_, nth) => nth).join(',')}\r\n`,
  'separators alone': `${HEADER}\r\n\`${',`'.repeat(30_000)}\r\n`,
  'empty lines': '\r\n'.repeat(3_000_000),
  'lines that end in CR alone': `${HEADER}\r${'`1\r'.repeat(20_000)}`,
  zeros: '\u0000'.repeat(2_000_000),
  'a header alone': `${HEADER}\r\n`,
  'a header again and again': `${HEADER}\r\n`.repeat(20_000),
};

describe.each([
  ['as it is', (text: string) => Buffer.from(text)],
  ['packed', (text: string) => gzipSync(text)],
])('a file of WeChat Pay, %s, with', (_how, pack) => {
  test.each(Object.keys(TEXTS))('%s is refused', async (name) => {
    await refused(WECHAT_PAY, pack(TEXTS[name] ?? ''));
  });
});

describe('a table of Alipay with', () => {
  test.each(Object.keys(TEXTS))('%s is refused', async (name) => {
    const content = Buffer.from(`#支付宝业务明细查询\r\n${TEXTS[name]}`);
    await refused(ALIPAY, zip([{ name: 'a.csv', content }]));
    await refused(ALIPAY, zip([{ name: 'a.csv', content, lie: { method: 0 } }]));
  });
});

describe('a file of UnionPay with', () => {
  test.each(Object.keys(TEXTS))('%s is refused', async (name) => {
    await refused(UNION_PAY, zip([{ name: ZM, content: Buffer.from(TEXTS[name] ?? '') }]));
  });

  test('a bomb around its ZIP is refused', async () => {
    const bomb = deflateSync(Buffer.alloc(150 * MEGABYTE)).toString('base64');
    const { error, took_ms, peak } = await drained(() => unionPayLines(bomb, ABOUT));
    expect(error).toBeInstanceOf(BillError);
    expect(took_ms).toBeLessThan(1_000);
    expect(peak).toBeLessThan(160 * MEGABYTE);
  });

  test.each(['', '%%%', 'AAAA', 'eJw=', '='.repeat(90_000)])(
    'the content %j is refused',
    async (content) => {
      const { error } = await drained(() => unionPayLines(content, ABOUT));
      expect(error).toBeInstanceOf(BillError);
    },
  );
});

describe('a gzip of WeChat Pay that is', () => {
  const good = gzipSync(vector('wechat-pay-trade.csv'));
  const files: Readonly<Record<string, Buffer>> = {
    'a bomb': gzipSync(Buffer.alloc(100 * MEGABYTE)),
    'a bomb of several': Buffer.concat(
      Array.from({ length: 10 }, () => gzipSync(Buffer.alloc(10 * MEGABYTE))),
    ),
    'a bomb in a gzip': gzipSync(gzipSync(Buffer.alloc(100 * MEGABYTE))),
    'cut off': good.subarray(0, good.length - 9),
    'a head alone': good.subarray(0, 10),
    'followed by another file': Buffer.concat([good, good]),
    'of a false checksum': Buffer.concat([good.subarray(0, -8), Buffer.alloc(8)]),
    'packed without its head': deflateRawSync(vector('wechat-pay-trade.csv')),
  };

  test.each(Object.keys(files))('%s is refused', async (name) => {
    await refused(WECHAT_PAY, files[name] ?? Buffer.alloc(0));
  });
});

const VECTORS: readonly (readonly [string, Reader, Buffer])[] = [
  ['WeChat Pay', WECHAT_PAY, gzipSync(vector('wechat-pay-trade.csv'))],
  ['WeChat Pay in plain text', WECHAT_PAY, vector('wechat-pay-trade.csv')],
  ['UnionPay', UNION_PAY, zip([{ name: ZM, content: Buffer.from(ZM_LINE.repeat(20)) }])],
];

test.each(VECTORS)(
  'changed bytes of a file of %s are refused or change no sum',
  async (_name, read, good) => {
    const genuine = await drained(() => read(good));
    expect(genuine.error).toBeUndefined();
    const wrong: string[] = [];
    for (let nth = 0; nth < 90 * WIRE_FACTOR; nth += 1) {
      const dice = new Dice(SEED + nth);
      const file = Buffer.from(good);
      for (let changes = 1 + dice.below(4); changes > 0; changes -= 1) {
        file[dice.below(file.length)] = dice.below(256);
      }
      const { error, count } = await drained(() =>
        read(dice.chance(0.2) ? file.subarray(0, dice.below(file.length)) : file),
      );
      const fine = error === undefined ? count === genuine.count : error instanceof BillError;
      if (!fine) wrong.push(`seed ${SEED} case ${nth}: ${String(error)} after ${count} lines`);
    }
    expect(wrong).toEqual([]);
  },
);

test('after all that nothing is kept, and never was there much of it', async () => {
  expect(await heldBeyond(before.heap, 150 * MEGABYTE)).toBeLessThan(150 * MEGABYTE);
  // The bombs themselves are made here: some two hundred megabytes of this are their own.
  expect(process.resourceUsage().maxRSS - before.most_kilobytes).toBeLessThan(800 * 1024);
});
