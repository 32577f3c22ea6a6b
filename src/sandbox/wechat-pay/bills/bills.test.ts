import { createHash, createPrivateKey } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Formatter, Wechatpay } from 'wechatpay-axios-plugin';
import { openSealedBill } from '../../../protocols/wechat-pay/bill-seal.ts';
import { TRADE_BILL_COLUMNS } from '../../../protocols/wechat-pay/bills.ts';
import { merchantOf } from '../testing.ts';
import { type BillWorld, DAY, NEXT_DAY, openBillWorld, type Sale } from './testing.ts';

/** Bills as a merchant fetches them over the wire, read by hand and by an SDK that reads bills. */
let world: BillWorld;
let sale: Sale;
let named: Sale;

const TRADE = `/v3/bill/tradebill?bill_date=${DAY}`;
const FUNDS = `/v3/bill/fundflowbill?bill_date=${DAY}&account_type=BASIC`;
const READY = `${NEXT_DAY} 10:00:01`;

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
const refusal = (answer: Awaited<ReturnType<BillWorld['call']>>) => [
  answer.status,
  answer.content.code,
];

beforeAll(async () => {
  world = await openBillWorld();
  world.at(`${DAY} 00:00:01`);
  sale = await world.sell({ total: 10_000 });
  world.at(`${DAY} 12:00:00`);
  named = await world.sell({
    total: 50,
    description: '杯子,`两个`,大\u0007号',
    attach: 'a,`b',
  });
  await world.giveBack(sale, 2_500, `${sale.out_trade_no}-1`);
  world.at(`${DAY} 23:59:58`);
  await world.sell({ total: 1 });
  world.at(`${NEXT_DAY} 00:00:00`);
  await world.giveBack(sale, 100, `${sale.out_trade_no}-2`);
});
afterAll(() => world.stop());
beforeEach(() => {
  world.running.faults.set([]);
  world.at(READY);
});

function sdk() {
  const { mchid, serial_no, private_key, public_key_id, public_key } = merchantOf(world.running);
  return new Wechatpay({
    mchid,
    serial: serial_no,
    privateKey: private_key,
    certs: { [public_key_id]: public_key },
    baseURL: world.running.sandbox.url,
    proxy: false,
  });
}

describe('a trade bill', () => {
  test('is UTF-8 with a mark, CRLF and backticks, 27 columns and its totals', async () => {
    const text = (await world.file(TRADE)).toString('utf8');
    const lines = text.split('\r\n');
    expect(text.startsWith('\uFEFF交易时间,公众账号ID,')).toBe(true);
    expect(text.endsWith('\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(lines[0]?.split(',')).toHaveLength(27);
    const { appid, mchid } = merchantOf(world.running);
    expect(lines[1]).toMatch(
      new RegExp(
        `^\`${DAY} 00:00:0\\d,\`${appid},\`${mchid},\`0,\`,\`4200\\d{24},\`${sale.out_trade_no},\`o[\\w-]{27},` +
          '`NATIVE,`SUCCESS,`OTHERS,`CNY,`100.00,`0.00,`0,`0,`0.00,`0.00,`,`,`龙井茶 250g,`,' +
          '`0.60000,`0.60%,`100.00,`0.00,`$',
      ),
    );
    expect(lines[4]).toMatch(
      new RegExp(
        `\`${sale.out_trade_no},\`o[\\w-]{27},\`NATIVE,\`REFUND,\`OTHERS,\`CNY,\`0.00,\`0.00,` +
          `\`503\\d{26},\`${sale.out_trade_no}-1,\`25.00,\`0.00,\`ORIGINAL,\`SUCCESS,` +
          '`龙井茶 250g,`,`-0.15000,`0.60%,`0.00,`25.00,`$',
      ),
    );
    expect(lines.slice(5)).toEqual([
      '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
      '`4.0,`100.51,`25.00,`0.00,`0.45000,`100.51,`25.00',
      '',
    ]);
  });

  test('is fetched, proven and cast by an SDK as published', async () => {
    const asked = await sdk()
      .chain('v3/bill/tradebill')
      .get<{ download_url: string; hash_type: string; hash_value: string }>({
        params: { bill_date: DAY, bill_type: 'ALL' },
      });
    expect(asked.data.hash_type).toBe('SHA1');
    const token = new URL(asked.data.download_url).searchParams.get('token');
    const got = await sdk()
      .chain('v3/billdownload/file')
      .get<Buffer>({ params: { token }, responseType: 'arraybuffer', transformResponse: [] });
    expect(sha1(Buffer.from(got.data))).toBe(asked.data.hash_value);
    const { rows, summary } = Formatter.castCsvBill(Buffer.from(got.data)) as unknown as {
      rows: Record<string, string>[];
      summary: Record<string, string>;
    };
    expect(rows).toHaveLength(4);
    expect(rows.every((row) => Object.keys(row).length >= 27)).toBe(true);
    expect(rows[0]).toMatchObject({ 商户订单号: sale.out_trade_no, 订单金额: '100.00' });
    expect(summary).toMatchObject({ 总交易单数: '4.0', 订单总金额: '100.51' });
  });

  test('keeps commas and backticks of names, and their line ends never', async () => {
    const text = (await world.file(TRADE)).toString('utf8');
    const line = text.split('\r\n').find((entry) => entry.includes(named.out_trade_no));
    expect(line).toContain('`杯子,`两个`,大 号,`a,`b,`0.00000,`0.60%');
  });

  test('has payments by the time they succeeded, refunds by the time they were accepted', async () => {
    world.at('2031-03-07 10:00:00');
    const next = (await world.file(`/v3/bill/tradebill?bill_date=${NEXT_DAY}`)).toString();
    expect(next).toContain(`${sale.out_trade_no}-2`);
    expect(next).not.toContain(`${sale.out_trade_no}-1`);
    expect(next.split('\r\n')).toHaveLength(5);
  });

  test('of payments or of refunds alone has its own columns', async () => {
    const paid = (await world.file(`${TRADE}&bill_type=SUCCESS`)).toString('utf8');
    const back = (await world.file(`${TRADE}&bill_type=REFUND`)).toString('utf8');
    expect(paid.split('\r\n')[0]).toBe(`\uFEFF${TRADE_BILL_COLUMNS.SUCCESS.join(',')}`);
    expect(back.split('\r\n')[0]).toBe(`\uFEFF${TRADE_BILL_COLUMNS.REFUND.join(',')}`);
    expect(paid.split('\r\n').slice(1, -3)).toHaveLength(3);
    const [row = ''] = back.split('\r\n').slice(1, -3);
    const cells = row.slice(1).split(',`');
    expect(cells[0]).toMatch(new RegExp(`^${DAY} 00:0`));
    expect(cells.slice(14, 16)).toEqual([
      expect.stringMatching(new RegExp(`^${DAY} 12:0`)),
      expect.stringMatching(new RegExp(`^${DAY} 12:0`)),
    ]);
  });

  test('comes compressed when asked, with the digest of what is inside', async () => {
    const plain = await world.file(TRADE);
    const link = await world.link(`${TRADE}&tar_type=GZIP`);
    const packed = await world.call(link.target);
    expect(packed.bytes.length).toBeLessThan(plain.length);
    expect(gunzipSync(packed.bytes)).toEqual(plain);
    expect(link.sha1).toBe(sha1(plain));
  });
});

describe('a link', () => {
  test('needs the merchant’s signature, and its reply has none', async () => {
    const { target } = await world.link(TRADE);
    const answer = await world.call(target);
    expect(answer.headers.get('wechatpay-signature')).toBeNull();
    const bare = await fetch(world.running.sandbox.url + target);
    expect(bare.status).toBe(401);
  });

  test('ends after five minutes', async () => {
    const { target } = await world.link(TRADE);
    world.at(`${NEXT_DAY} 10:04:59`);
    expect((await world.call(target)).status).toBe(200);
    world.at(`${NEXT_DAY} 10:05:02`);
    expect(refusal(await world.call(target))).toEqual([400, 'INVALID_REQUEST']);
  });

  test('is of nobody else, and a made-up one of nobody', async () => {
    const { target } = await world.link(TRADE);
    const other = await world.call(target, { account: 'partner' });
    expect(refusal(other)).toEqual([403, 'NO_AUTH']);
    expect(refusal(await world.call('/v3/billdownload/file?token=x'))).toEqual([
      400,
      'INVALID_REQUEST',
    ]);
    expect(refusal(await world.call('/v3/billdownload/file'))).toEqual([400, 'PARAM_ERROR']);
  });
});

describe('a bill is not there', () => {
  test.each([
    [`${DAY} 23:00:00`, DAY, 'NO_STATEMENT_EXIST'],
    [`${NEXT_DAY} 00:00:00`, DAY, 'STATEMENT_CREATING'],
    [`${NEXT_DAY} 09:59:58`, DAY, 'STATEMENT_CREATING'],
    [READY, '2031-03-04', 'NO_STATEMENT_EXIST'],
    [READY, '2031-12-31', 'NO_STATEMENT_EXIST'],
    ['2031-07-01 12:00:00', DAY, 'NO_STATEMENT_EXIST'],
  ])('at %s for %s: %s', async (now, date, code) => {
    world.at(now);
    expect(refusal(await world.call(`/v3/bill/tradebill?bill_date=${date}`))).toEqual([400, code]);
    const funds = `/v3/bill/fundflowbill?bill_date=${date}`;
    expect(refusal(await world.call(funds))).toEqual([400, code]);
  });

  test('while the dial says that it is late', async () => {
    world.running.faults.set([{ fault: 'bill_late', probability: 1, remaining: 1 }]);
    expect(refusal(await world.call(TRADE))).toEqual([400, 'STATEMENT_CREATING']);
    expect((await world.call(TRADE)).status).toBe(200);
  });

  test.each([
    'bill_date=20310305',
    'bill_date=2031-02-30',
    'tar_type=GZIP',
    `bill_date=${DAY}&bill_type=ANY`,
    `bill_date=${DAY}&tar_type=ZIP`,
  ])('for a query of %s', async (query) => {
    const answer = await world.call(`/v3/bill/tradebill?${query}`);
    expect(refusal(answer)).toEqual([400, 'PARAM_ERROR']);
  });
});

describe('a fund-flow bill', () => {
  test('lists every movement with what was left, and its totals', async () => {
    const text = (await world.file(FUNDS)).toString('utf8');
    const lines = text.split('\r\n');
    expect(lines[0]).toContain('收支金额(元),账户结余(元)');
    const rows = lines.slice(1, -3).map((line) => line.slice(1).split(',`'));
    expect(rows.map((row) => row.slice(3, 8))).toEqual([
      ['交易', '交易', '收入', '100.00', '100.00'],
      ['交易', '扣除交易手续费', '支出', '0.60', '99.40'],
      ['交易', '交易', '收入', '0.50', '99.90'],
      ['退款', '退款', '支出', '24.85', '75.05'],
      ['交易', '交易', '收入', '0.01', '75.06'],
    ]);
    expect(rows[3]?.[9]).toBe('退款总金额25.00元;含手续费0.15元');
    expect(new Set(rows.map((row) => row[2])).size).toBe(rows.length);
    expect(lines.at(-2)).toBe('`5.0,`3.0,`100.51,`2.0,`25.45');
  });

  test('is of one purse, and an unused one has none', async () => {
    const query = `/v3/bill/fundflowbill?bill_date=${DAY}&account_type=FEES`;
    expect(refusal(await world.call(query))).toEqual([400, 'NO_STATEMENT_EXIST']);
  });
});

describe('a bill that is wrong', () => {
  test('still agrees with itself', async () => {
    world.running.faults.set([{ fault: 'bill_wrong', probability: 1 }]);
    const honest = 100_51n;
    const said = new Set<string>();
    for (let i = 0; i < 12; i += 1) {
      const lines = (await world.file(TRADE)).toString('utf8').split('\r\n');
      const rows = lines.slice(1, -3).map((line) => line.slice(1).split(',`'));
      said.add(`${rows.length} ${lines.at(-2)}`);
      expect(lines.at(-2)?.startsWith(`\`${rows.length}.0,`)).toBe(true);
    }
    expect(said.size).toBeGreaterThan(1);
    expect([...said].some((line) => !line.includes(honest.toString()))).toBe(true);
  });
});

describe('bills of sellers', () => {
  let first = '';
  let second = '';
  beforeAll(async () => {
    for (const account of ['partner', 'platform']) {
      [first = '', second = ''] = merchantOf(world.running, account).sub_merchants;
      world.at(`${DAY} 15:00:00`);
      const one = await world.sell({ account, sub_mchid: first, total: 700 });
      await world.sell({ account, sub_mchid: second, total: 300 });
      await world.giveBack(one, 70);
    }
  });

  test('are of all sellers, or of one; a stranger’s are refused', async () => {
    const [one = '', two = ''] = merchantOf(world.running, 'partner').sub_merchants;
    const all = (await world.file(TRADE, 'partner')).toString('utf8').split('\r\n').slice(1, -3);
    const some = (await world.file(`${TRADE}&sub_mchid=${one}`, 'partner')).toString('utf8');
    expect(all).toHaveLength(3);
    expect(some.split('\r\n').slice(1, -3)).toHaveLength(2);
    expect(some).not.toContain(two);
    const foreign = await world.call(`${TRADE}&sub_mchid=${first}`, { account: 'partner' });
    expect(refusal(foreign)).toEqual([403, 'NO_AUTH']);
    const direct = await world.call(`${TRADE}&sub_mchid=${one}`);
    expect(refusal(direct)).toEqual([403, 'NO_AUTH']);
  });

  async function opened(target: string, account: string): Promise<string> {
    const { status, content, text } = await world.call(target, { account });
    if (status !== 200) throw new Error(text);
    expect(content.download_bill_count).toBe(1);
    const [entry] = content.download_bill_list as Record<string, string>[];
    const url = new URL(entry?.download_url ?? '');
    const { bytes } = await world.call(url.pathname + url.search, { account });
    const { encrypt_key = '', nonce = '', hash_value } = entry ?? {};
    const sealed = { body: bytes, encrypt_key, nonce };
    const key = createPrivateKey(merchantOf(world.running, account).private_key);
    const other = createPrivateKey(merchantOf(world.running).private_key);
    expect(openSealedBill(other, sealed)).toBeUndefined();
    const plain = openSealedBill(key, sealed);
    if (!plain) throw new Error('not opened');
    const file = target.includes('GZIP') ? gunzipSync(plain) : plain;
    expect(sha1(file)).toBe(hash_value);
    return file.toString('utf8');
  }

  test.each(['', '&tar_type=GZIP'])('about money are encrypted for the platform%s', async (tar) => {
    const query = `bill_date=${DAY}&account_type=ALL&algorithm=AEAD_AES_256_GCM${tar}`;
    const text = await opened(`/v3/ecommerce/bill/fundflowbill?${query}`, 'platform');
    expect(text.split('\r\n')[0]).toContain('\uFEFF二级商户号,记账时间');
    const rows = text.split('\r\n').slice(1, -3);
    expect(new Set(rows.map((row) => row.slice(1).split(',`')[0]))).toEqual(
      new Set([first, second]),
    );
    expect(text.split('\r\n').at(-2)).toBe('`5.0,`2.0,`10.00,`3.0,`0.76');
  });

  test('about one seller come to its partner, to nobody else', async () => {
    const [one = ''] = merchantOf(world.running, 'partner').sub_merchants;
    const seal = 'account_type=BASIC&algorithm=AEAD_AES_256_GCM';
    const path = `/v3/bill/sub-merchant-fundflowbill?bill_date=${DAY}&${seal}`;
    const text = await opened(`${path}&sub_mchid=${one}`, 'partner');
    expect(text.split('\r\n').slice(1, -3)).toHaveLength(3);
    const direct = await world.call(`${path}&sub_mchid=${one}`);
    expect(refusal(direct)).toEqual([403, 'NO_AUTH']);
    const stranger = await world.call(`${path}&sub_mchid=${first}`, { account: 'partner' });
    expect(refusal(stranger)).toEqual([403, 'NO_AUTH']);
    const all = `/v3/ecommerce/bill/fundflowbill?bill_date=${DAY}&account_type=ALL`;
    const unsealed = await world.call(all, { account: 'platform' });
    expect(refusal(unsealed)).toEqual([400, 'PARAM_ERROR']);
    const sealed = await world.call(`${all}&algorithm=AEAD_AES_256_GCM`, { account: 'partner' });
    expect(refusal(sealed)).toEqual([403, 'NO_AUTH']);
  });
});
