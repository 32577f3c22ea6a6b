import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import { parseStamp } from '../../../protocols/alipay/trade.ts';
import type { FundEntry } from '../../funds.ts';
import { type Biz, GatewayRefusal, optionalText } from '../api/biz.ts';
import type { Alipay } from '../books.ts';
import { PURSE } from '../money.ts';
import type { Call } from '../trade/orders.ts';
import { logNumber, otherAccount } from './account-bill.ts';
import { invalid } from './wanted.ts';

/** The account as it is now: its movements page by page, and what is on it. */
const MAX_WINDOW_MS = 31 * 86_400_000;
const MIN_PAGE = 1000;
const MAX_PAGE = 2000;

function time(biz: Biz, name: string): number | undefined {
  const text = optionalText(biz, name, { max: 19 });
  if (text === undefined) return undefined;
  const at = parseStamp(text)?.getTime();
  if (at === undefined) throw invalid(`${name} (yyyy-MM-dd HH:mm:ss)`);
  return at;
}

function whole(biz: Biz, name: string, rule: { min: number; max: number; absent: number }): number {
  const value = biz[name];
  if (value === undefined || value === null || value === '') return rule.absent;
  const text = typeof value === 'number' ? String(value) : value;
  const count = typeof text === 'string' && /^\d{1,7}$/.test(text) ? Number.parseInt(text, 10) : -1;
  if (count < rule.min || count > rule.max) throw invalid(`${name} (${rule.min}–${rule.max})`);
  return count;
}

function checkUser({ biz, app }: Call): void {
  const user = optionalText(biz, 'bill_user_id', { max: 32 });
  if (user === undefined || user === app.seller_id) return;
  throw new GatewayRefusal('isv.insufficient-isv-permissions', '无权查询该账户');
}

/**
 * Half-open window of at most 31 days; without one, the movements of one order.
 * https://opendocs.alipay.com/open/dae3ac99_alipay.data.bill.accountlog.query
 */
export function accountLog(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  checkUser(call);
  const page_no = whole(biz, 'page_no', { min: 1, max: 1_000_000, absent: 1 });
  const page_size = whole(biz, 'page_size', { min: MIN_PAGE, max: MAX_PAGE, absent: MAX_PAGE });
  const found = foundEntries(alipay, app.seller_id, biz);
  const page = found.slice((page_no - 1) * page_size, page_no * page_size);
  return {
    page_no: String(page_no),
    page_size: String(page_size),
    total_size: String(found.length),
    detail_list: page.map((entry) => item(alipay, entry)),
  };
}

function foundEntries(alipay: Alipay, holder: string, biz: Biz): FundEntry[] {
  const from = time(biz, 'start_time');
  const to = time(biz, 'end_time');
  const alipay_order_no = optionalText(biz, 'alipay_order_no', { max: 64 });
  const merchant_order_no = optionalText(biz, 'merchant_order_no', { max: 64 });
  if (alipay_order_no !== undefined && merchant_order_no !== undefined) {
    throw invalid('alipay_order_no, merchant_order_no (one of them)');
  }
  const order = alipay_order_no ?? merchant_order_no;
  const isWindow = from !== undefined && to !== undefined;
  if (!isWindow && order === undefined) throw invalid('start_time, end_time');
  if (isWindow && (to <= from || to - from > MAX_WINDOW_MS)) {
    throw invalid('start_time, end_time (at most 31 days)');
  }
  const now = alipay.options.clock.now().getTime();
  const span = { from: from ?? now - 366 * 86_400_000, to: to ?? now + 1 };
  const entries = alipay.funds.entries(holder, PURSE, span);
  if (order === undefined) return entries;
  return entries.filter((entry) =>
    alipay_order_no === undefined
      ? merchantOrder(alipay, entry) === order
      : entry.business_no === order,
  );
}

function merchantOrder(alipay: Alipay, entry: FundEntry): string {
  return alipay.by_trade_no.get(entry.business_no)?.out_trade_no ?? entry.reference;
}

function item(alipay: Alipay, entry: FundEntry): Record<string, string> {
  const { direction, amount } = entry;
  const order = merchantOrder(alipay, entry);
  const other_account = otherAccount(alipay, entry);
  return {
    trans_dt: shanghaiStamp(new Date(entry.at)),
    account_log_id: logNumber(entry),
    alipay_order_no: entry.business_no,
    merchant_order_no: order,
    trans_amount: toYuan(direction === 'in' ? amount : -amount),
    balance: toYuan(entry.balance),
    type: entry.type,
    direction: direction === 'in' ? '收入' : '支出',
    ...(other_account !== '' && { other_account }),
    ...(entry.note !== '' && { trans_memo: entry.note }),
    ...(entry.type === '交易退款' && { merchant_out_refund_no: entry.reference }),
    biz_nos: `M:${entry.business_no}`,
    biz_orig_no: entry.business_no,
  };
}

/** https://opendocs.alipay.com/open/2acb3c34_alipay.data.bill.balance.query */
export function accountBalance(call: Call): Record<string, unknown> {
  const { alipay, app } = call;
  checkUser(call);
  const { funds } = alipay;
  return {
    total_amount: toYuan(funds.balance(app.seller_id, PURSE)),
    available_amount: toYuan(funds.available(app.seller_id, PURSE)),
    freeze_amount: toYuan(funds.held(app.seller_id, PURSE)),
  };
}
