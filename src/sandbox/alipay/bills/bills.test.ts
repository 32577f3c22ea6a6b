import { parse } from 'csv-parse/sync';
import { unzipSync } from 'fflate';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readZip } from '../../../protocols/alipay/bill-zip.ts';
import { type BillDesk, DAY, fetchBytes, NEXT_DAY, openBillDesk } from './testing.ts';

/** Bills as a merchant fetches them with the official SDK, unpacked and read by other programs. */
let desk: BillDesk;
let trade: { trade_no: string; out_trade_no: string };
let named: { trade_no: string; out_trade_no: string };
const READY = `${NEXT_DAY} 09:00:01`;
const TRADE = { bill_type: 'trade', bill_date: DAY };
const ACCOUNT = { bill_type: 'signcustomer', bill_date: DAY };

beforeAll(async () => {
  desk = await openBillDesk();
  desk.at(`${DAY} 00:00:01`);
  trade = await desk.paid({ amount: '100.00' });
  desk.at(`${DAY} 12:00:00`);
  named = await desk.paid({ amount: '0.50', more: { subject: '茶,"绿"\u4e00🍵\u{20bb7}€' } });
  await desk.call('alipay.trade.refund', {
    out_trade_no: trade.out_trade_no,
    refund_amount: '25.00',
    out_request_no: 'first',
    refund_reason: '不要了',
  });
  desk.at(`${NEXT_DAY} 00:00:00`);
  await desk.call('alipay.trade.refund', {
    out_trade_no: trade.out_trade_no,
    refund_amount: '1.00',
    out_request_no: 'second',
  });
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.world.faults.set([]);
  desk.at(READY);
});

/** Entry names and texts, by programs that are not ours. */
function unpack(zip: Buffer): Map<string, string> {
  const entries = readZip(zip, 10);
  if (typeof entries === 'string') throw new Error(entries);
  const opened = Object.values(unzipSync(zip));
  expect(entries.every(({ utf8 }) => !utf8)).toBe(true);
  return new Map(
    entries.map(({ name }, index) => [
      iconv.decode(name, 'gbk'),
      iconv.decode(Buffer.from(opened[index] ?? []), 'gbk'),
    ]),
  );
}

const fetchBill = async (biz: Record<string, string>, role?: 'platform') =>
  unpack(await fetchBytes(await desk.link(biz, role)));

function textOf(files: Map<string, string>, part: string): string {
  const found = [...files].find(([name]) => name.endsWith(`${part}.csv`));
  if (!found) throw new Error(`no ${part} in ${[...files.keys()]}`);
  return found[1];
}

const rowsOf = (text: string) =>
  parse(text, { comment: '#', columns: true, trim: true, quote: null }) as Record<string, string>[];

describe('a trade bill', () => {
  test('is an archive of two GBK tables with the account and the day in their names', async () => {
    const account = `${desk.sellerId()}0156`;
    const url = new URL(await desk.link(TRADE));
    expect(url.searchParams.get('downloadFileName')).toBe(`${account}_20310305.csv.zip`);
    const files = await fetchBill(TRADE);
    expect([...files.keys()].sort()).toEqual([
      `${account}_20310305_业务明细(汇总).csv`,
      `${account}_20310305_业务明细.csv`,
    ]);
    const lines = textOf(files, '业务明细').split('\r\n');
    expect(lines.slice(0, 3)).toEqual([
      '#支付宝业务明细查询',
      `#账号：[${account}]`,
      '#起始日期：[2031年03月05日 00:00:00]   终止日期：[2031年03月06日 00:00:00]',
    ]);
    expect(lines[3]).toMatch(/^#-+业务明细列表-+$/);
    expect(lines[5]).toMatch(
      new RegExp(
        `^${trade.trade_no}\t,${trade.out_trade_no}\t,交易\t,tea,${DAY} 00:00:0\\d,${DAY} 00:00:0\\d,` +
          '\t,\t,\t,\t,\\*小雨\\(lin\\*\\*\\*@sandbox.test\\)\t,100.00,100.00,0.00,0.00,0.00,0.00,0.00,,' +
          '0.00\t,0.00,\t,-0.60,0.00,$',
      ),
    );
    expect(lines.at(-5)).toMatch(/^#-+业务明细列表结束-+$/);
    expect(lines.slice(-4, -2)).toEqual([
      '#交易合计：2笔，商家实收共100.50元，商家优惠共0.00元',
      '#退款合计：1笔，商家实收退款共-25.00元，商家优惠退款共0.00元',
    ]);
    expect(lines.at(-2)).toMatch(/^#导出时间：\[2031年03月06日 09:00:0\d\]$/);
  });

  test('has refunds as negative rows with their own number and their fee given back', async () => {
    const rows = rowsOf(textOf(await fetchBill(TRADE), '业务明细'));
    expect(rows).toHaveLength(3);
    expect(rows.find((row) => row['业务类型'] === '退款')).toMatchObject({
      支付宝交易号: trade.trade_no,
      '订单金额（元）': '-25.00',
      '商家实收（元）': '-25.00',
      '退款批次号/请求号': 'first',
      '服务费（元）': '0.15',
      备注: '不要了',
    });
    const totals = rowsOf(textOf(await fetchBill(TRADE), '业务明细(汇总)'));
    expect(totals.at(-1)).toMatchObject({
      门店编号: '合计',
      交易订单总笔数: '2',
      退款订单总笔数: '1',
      '商家实收（元）': '75.50',
      '服务费（元）': '-0.45',
      '实收净额（元）': '75.05',
    });
  });

  test('keeps its columns whatever a name holds: wide commas, question marks beyond GBK', async () => {
    const rows = rowsOf(textOf(await fetchBill(TRADE), '业务明细'));
    const row = rows.find((entry) => entry['商户订单号'] === named.out_trade_no);
    expect(row?.['商品名称']).toMatch(/^茶，"绿"一\?+€$/);
  });

  test('has the totals first at times, and at times last', async () => {
    const firsts = new Set<boolean>();
    for (let i = 0; i < 40 && firsts.size < 2; i += 1) {
      firsts.add([...(await fetchBill(TRADE)).keys()][0]?.includes('汇总') ?? false);
    }
    expect(firsts).toEqual(new Set([true, false]));
  });

  test('of the next day has the refund of the next day', async () => {
    desk.at('2031-03-07 10:00:00');
    const rows = rowsOf(textOf(await fetchBill({ ...TRADE, bill_date: NEXT_DAY }), '业务明细'));
    expect(rows.map((row) => row['退款批次号/请求号'])).toEqual(['second']);
  });

  test('of a month has all days of it, once the month is over', async () => {
    const month = { ...TRADE, bill_date: '2031-03' };
    await expect(desk.link(month)).rejects.toThrow('isp.bill_not_exist');
    desk.at('2031-04-03 09:00:01');
    expect(rowsOf(textOf(await fetchBill(month), '业务明细'))).toHaveLength(4);
  });
});

describe('an account bill', () => {
  test('lists every movement, the newest first, with what was left', async () => {
    const files = await fetchBill(ACCOUNT);
    const text = textOf(files, '账务明细');
    const rows = rowsOf(text);
    expect(
      rows.map((row) => [
        row['业务类型'],
        row['收入金额（+元）'],
        row['支出金额（-元）'],
        row['账户余额（元）'],
      ]),
    ).toEqual([
      ['交易退款', '0.00', '-25.00', '75.05'],
      ['退费', '0.15', '0.00', '100.05'],
      ['在线支付', '0.50', '0.00', '99.90'],
      ['收费', '0.00', '-0.60', '99.40'],
      ['在线支付', '100.00', '0.00', '100.00'],
    ]);
    expect(text).toContain('#支出合计：2笔，共-25.60元\r\n#收入合计：3笔，共100.65元\r\n');
    const totals = rowsOf(textOf(files, '账务明细(汇总)'));
    expect(totals.at(-1)).toMatchObject({ 类型: '合计', 收入笔数: '3', '总金额（元）': '75.05' });
  });
});

describe('a link', () => {
  test('lives thirty seconds, for whoever has it', async () => {
    const url = await desk.link(TRADE);
    desk.at(`${NEXT_DAY} 09:00:30`);
    expect((await fetch(url)).status).toBe(200);
    desk.at(`${NEXT_DAY} 09:00:33`);
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url.replace(/fileId=\w+/, 'fileId=x'))).status).toBe(404);
  });
});

describe('there is no bill', () => {
  test.each([
    [`${DAY} 23:00:00`, TRADE, 'isp.bill_not_exist'],
    [`${NEXT_DAY} 08:59:50`, TRADE, 'isp.bill_not_exist'],
    [READY, { ...TRADE, bill_date: '2031-03-01' }, 'isp.bill_not_exist'],
    [READY, { ...TRADE, bill_date: '2032-03-01' }, 'isv.invalid-parameter'],
    [READY, { ...TRADE, bill_date: '20310305' }, 'isv.invalid-parameter'],
    [READY, { ...TRADE, bill_type: 'other' }, 'isv.invalid-parameter'],
    [READY, { ...TRADE, smid: '2088000000000000' }, 'isv.insufficient-isv-permissions'],
  ])('at %s for %o: %s', async (now, biz, code) => {
    desk.at(now);
    await expect(desk.link(biz)).rejects.toThrow(code);
  });

  test('while the dial says that it is late; a wrong one agrees with itself', async () => {
    desk.world.faults.set([{ fault: 'bill_late', probability: 1, remaining: 1 }]);
    await expect(desk.link(TRADE)).rejects.toThrow('isp.bill_not_exist');
    desk.world.faults.set([{ fault: 'bill_wrong', probability: 1 }]);
    const said = new Set<string>();
    for (let i = 0; i < 12; i += 1) {
      const text = textOf(await fetchBill(TRADE), '业务明细');
      const rows = rowsOf(text);
      const count = rows.filter((row) => row['业务类型'] === '交易').length;
      expect(text).toContain(`#交易合计：${count}笔，`);
      said.add(JSON.stringify(rows));
    }
    expect(said.size).toBeGreaterThan(1);
  });
});

describe('the account log', () => {
  const log = (biz: Record<string, unknown>) => desk.call('alipay.data.bill.accountlog.query', biz);
  const window = { start_time: `${DAY} 00:00:00`, end_time: `${NEXT_DAY} 00:00:00` };

  test('pages a half-open window of at most 31 days', async () => {
    const answer = await log({ ...window, page_no: '1', page_size: '1000' });
    expect(answer).toMatchObject({ code: '10000', total_size: '5', page_no: '1' });
    const [first] = answer['detail_list'] as Record<string, string>[];
    expect(first).toMatchObject({
      alipay_order_no: trade.trade_no,
      merchant_order_no: trade.out_trade_no,
      trans_amount: '100.00',
      balance: '100.00',
      direction: '收入',
    });
    expect((await log({ ...window, page_no: '2' }))['detail_list']).toEqual([]);
    const long = { start_time: `${DAY} 00:00:00`, end_time: '2031-04-06 00:00:00' };
    expect(await log(long)).toMatchObject({ sub_code: 'isv.invalid-parameter' });
    expect(await log({})).toMatchObject({ sub_code: 'isv.invalid-parameter' });
    expect(await log({ ...window, page_size: '10' })).toMatchObject({
      sub_code: 'isv.invalid-parameter',
    });
  });

  test('finds the movements of one order, by either number', async () => {
    const byTrade = await log({ alipay_order_no: trade.trade_no });
    const byOrder = await log({ merchant_order_no: trade.out_trade_no });
    expect(byTrade['total_size']).toBe('5');
    expect(byOrder['detail_list']).toEqual(byTrade['detail_list']);
  });

  test('ends at the balance', async () => {
    expect(await desk.call('alipay.data.bill.balance.query', {})).toMatchObject({
      code: '10000',
      total_amount: '74.05',
      available_amount: '74.05',
      freeze_amount: '0.00',
    });
  });
});

test('OpenAPI v3 tells the same by GET', async () => {
  const path = '/v3/alipay/data/dataservice/bill/downloadurl/query';
  const answer = await desk.sdk().curl<Record<string, string>>('GET', path, { query: TRADE });
  expect(answer.responseHttpStatus).toBe(200);
  const files = unpack(await fetchBytes(String(answer.data['bill_download_url'])));
  expect(rowsOf(textOf(files, '业务明细'))).toHaveLength(3);
  const log = await desk
    .sdk()
    .curl<Record<string, unknown>>('GET', '/v3/alipay/data/bill/accountlog/query', {
      query: { start_time: `${DAY} 00:00:00`, end_time: `${NEXT_DAY} 00:00:00` },
    });
  expect(log.data['detail_list']).toHaveLength(5);
});
