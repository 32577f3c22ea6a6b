import { businessDate, shanghaiStamp } from '../../../clock.ts';
import type { BillType } from '../../../protocols/alipay/bills.ts';
import { readBusinessDate, type Span, spanOfDay } from '../../days.ts';
import { GatewayRefusal, optionalText, requiredText } from '../api/biz.ts';
import type { Alipay } from '../books.ts';
import type { Call } from '../trade/orders.ts';

/**
 * Which bill a call asks for, and from when there is one: a day's from nine o'clock of the next
 * morning, a month's from the third of the next month.
 */
const READY_MS = 9 * 3_600_000;
const MONTH_READY_MS = 2 * 86_400_000 + READY_MS;

export interface Wanted {
  readonly type: BillType;
  /** As files have it: `20261120` or `202611`. */
  readonly name: string;
  readonly span: Span;
  /** Stamps of first and last midnight. */
  readonly from: string;
  readonly to: string;
  /** Whose accounts it is about. */
  readonly holders: readonly string[];
  /** In the heading and in the name of the file. */
  readonly account: string;
}

/** Files name an account by its number and these four digits. */
const ACCOUNT_END = '0156';

export function wantedBill(call: Call): Wanted {
  const { biz } = call;
  const type = requiredText(biz, 'bill_type', { max: 32 });
  if (type !== 'trade' && type !== 'signcustomer') {
    throw invalid('bill_type (trade, signcustomer)');
  }
  const date = requiredText(biz, 'bill_date', { max: 10 });
  const span = spanOf(date);
  const smid = optionalText(biz, 'smid', { max: 32 });
  const holder = smid === undefined ? call.app.seller_id : ownSeller(call, smid);
  const { alipay } = call;
  const day = date.length === 10;
  checkReady(alipay, span.to + (day ? READY_MS : MONTH_READY_MS));
  return {
    type,
    name: date.replaceAll('-', ''),
    span,
    from: shanghaiStamp(new Date(span.from)),
    to: shanghaiStamp(new Date(span.to)),
    holders: smid === undefined ? [holder, ...sellersOf(call)] : [holder],
    account: `${holder}${ACCOUNT_END}`,
  };
}

export function invalid(what: string): GatewayRefusal {
  return new GatewayRefusal('isv.invalid-parameter', `参数无效：${what}`);
}

function spanOf(date: string): Span {
  const day = readBusinessDate(date);
  if (day !== undefined) return spanOfDay(day);
  const first = readBusinessDate(`${date}-01`);
  if (first === undefined) throw invalid('bill_date (yyyy-MM-dd, or yyyy-MM for a month)');
  const { from } = spanOfDay(first);
  const next = businessDate(new Date(from + 32 * 86_400_000)).slice(0, 7);
  return { from, to: Date.parse(`${next}-01T00:00:00+08:00`) };
}

/** Of a day that is not over there is no bill yet; one that lies ahead is a mistake. */
function checkReady(alipay: Alipay, ready_at: number): void {
  const { clock, faults } = alipay.options;
  const now = clock.now().getTime();
  if (ready_at - READY_MS - 86_400_000 > now + 31 * 86_400_000) throw invalid('bill_date');
  const operation = 'alipay.data.dataservice.bill.downloadurl.query';
  if (now < ready_at || faults.strikes('bill_late', { operation })) throw noBill();
}

export function noBill(): GatewayRefusal {
  return new GatewayRefusal('isp.bill_not_exist');
}

/** A seller of this very platform. */
function ownSeller({ alipay, app }: Call, smid: string): string {
  if (alipay.direct.sellers.get(smid)?.platform !== app.seller_id) {
    throw new GatewayRefusal('isv.insufficient-isv-permissions', '无权查询该二级商户的账单');
  }
  return smid;
}

function sellersOf({ alipay, app }: Call): string[] {
  if (app.role !== 'platform') return [];
  const own = [...alipay.direct.sellers.values()].filter(
    ({ platform }) => platform === app.seller_id,
  );
  return own.map(({ smid }) => smid);
}
