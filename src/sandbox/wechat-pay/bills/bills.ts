import type { BusinessDate } from '../../../clock.ts';
import type { TradeBillType } from '../../../protocols/wechat-pay/bills.ts';
import { spanOfDay } from '../../days.ts';
import type { FundEntry } from '../../funds.ts';
import { type Untruths, untrue } from '../../untrue-bill.ts';
import type { RouteCall } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { BASIC } from '../money.ts';
import { fundFile } from './fund-bill.ts';
import { checkSeal, LINK_LIFE_MS, linkTo, SHORT_LIFE_MS, sealedLinks } from './links.ts';
import { splitFile, splitLines } from './split-bill.ts';
import { type TradeEntry, type TradeLine, tradeEntries, tradeFile } from './trade-bill.ts';
import {
  checkReady,
  noAuthority,
  noStatement,
  queryText,
  wantedDate,
  wantedSeller,
} from './wanted.ts';

/** The calls that make a bill: which day, whose, which kind; none is made without a line. */
type Query = RouteCall['query'];

const TYPES: readonly string[] = ['ALL', 'SUCCESS', 'REFUND'];
const PURSES: readonly string[] = ['BASIC', 'OPERATION', 'FEES'];
/** Lines of one encrypted file. */
const FILE_LINES = 50_000;

const TRADE_UNTRUTHS: Untruths<TradeEntry> = {
  invented: (entry) => () => invented(entry()),
  otherAmount: (entry) => () => dearer(entry()),
};

function invented(line: TradeLine): TradeLine {
  const { texts } = line;
  const other = {
    微信订单号: otherNumber(texts.微信订单号),
    商户订单号: otherNumber(texts.商户订单号),
  };
  return { ...line, texts: { ...texts, ...other } };
}

function dearer(line: TradeLine): TradeLine {
  return line.refund > 0n
    ? { ...line, refund: line.refund + 1n, refund_settled: line.refund_settled + 1n }
    : { ...line, total: line.total + 1n, settled: line.settled + 1n };
}

const FUND_UNTRUTHS: Untruths<FundEntry> = {
  invented: (entry) => ({
    ...entry,
    sequence: entry.sequence + 1_000_000_000,
    business_no: otherNumber(entry.business_no),
    reference: otherNumber(entry.reference),
  }),
  otherAmount: (entry) => ({ ...entry, amount: entry.amount + 1n }),
};

/** The same shape, and nobody's. */
function otherNumber(text = ''): string {
  return `${text.slice(0, -4)}0000`;
}

function truly<T>(
  context: SandboxContext,
  operation: string,
  bill: { lines: readonly T[]; untruths: Untruths<T> },
): readonly T[] {
  if (bill.lines.length === 0) throw noStatement();
  const { faults } = context;
  if (!faults.strikes('bill_wrong', { operation })) return bill.lines;
  return untrue(bill.lines, () => faults.random(), bill.untruths);
}

/** GET /v3/bill/tradebill */
export function tradeBill(
  context: SandboxContext,
  merchant: Merchant,
  query: Query,
): Promise<object> {
  const operation = 'bill.trade';
  const date = wantedDate(query);
  const sub_mchid = wantedSeller(context, merchant, query);
  const type = (queryText(query, 'bill_type', { label: '账单类型', values: TYPES }) ??
    'ALL') as TradeBillType;
  checkReady(context, date, operation);
  const made = tradeEntries(context, { mchid: merchant.mchid, date, type, sub_mchid });
  const lines = truly(context, operation, { lines: made, untruths: TRADE_UNTRUTHS });
  const asked = { merchant, query, life_ms: LINK_LIFE_MS };
  return linkTo(context, asked, tradeFile(type, lines));
}

function purseOf(query: Query, required = false): string {
  return (
    queryText(query, 'account_type', { label: '资金账户类型', values: PURSES, required }) ?? BASIC
  );
}

/** GET /v3/bill/fundflowbill */
export function fundBill(
  context: SandboxContext,
  merchant: Merchant,
  query: Query,
): Promise<object> {
  const operation = 'bill.funds';
  const date = wantedDate(query);
  const purse = purseOf(query);
  checkReady(context, date, operation);
  const entries = context.funds.entries(merchant.mchid, purse, spanOfDay(date));
  const lines = truly(context, operation, { lines: entries, untruths: FUND_UNTRUTHS });
  return linkTo(context, { merchant, query, life_ms: LINK_LIFE_MS }, fundFile(lines));
}

/** GET /v3/bill/sub-merchant-fundflowbill */
export function sellerFundBill(
  context: SandboxContext,
  merchant: Merchant,
  query: Query,
): Promise<object> {
  const operation = 'bill.seller_funds';
  if (merchant.role === 'direct') throw noAuthority('商户号该产品权限未开通');
  const date = wantedDate(query);
  const sub_mchid = wantedSeller(context, merchant, query, true) ?? '';
  const purse = purseOf(query, true);
  checkSeal(query);
  checkReady(context, date, operation);
  const entries = context.funds.entries(sub_mchid, purse, spanOfDay(date));
  const lines = truly(context, operation, { lines: entries, untruths: FUND_UNTRUTHS });
  const asked = { merchant, query, life_ms: LINK_LIFE_MS };
  return sealedLinks(context, asked, filesOf(lines, false));
}

/** GET /v3/ecommerce/bill/fundflowbill */
export function allSellersFundBill(
  context: SandboxContext,
  merchant: Merchant,
  query: Query,
): Promise<object> {
  const operation = 'bill.seller_funds';
  if (merchant.role !== 'platform') throw noAuthority('商户号该产品权限未开通');
  const date = wantedDate(query);
  queryText(query, 'account_type', { label: '资金账户类型', values: ['ALL'], required: true });
  checkSeal(query);
  checkReady(context, date, operation);
  const entries = holdersOf(context, merchant, undefined).flatMap((holder) =>
    PURSES.flatMap((purse) => context.funds.entries(holder, purse, spanOfDay(date))),
  );
  const lines = truly(context, operation, { lines: entries, untruths: FUND_UNTRUTHS });
  const asked = { merchant, query, life_ms: LINK_LIFE_MS };
  return sealedLinks(context, asked, filesOf(lines, true));
}

function* filesOf(lines: readonly FundEntry[], bySeller: boolean) {
  for (let start = 0; start < lines.length; start += FILE_LINES) {
    yield fundFile(lines.slice(start, start + FILE_LINES), bySeller);
  }
}

/** Whose accounts a merchant's bills are about: its own, or its sellers'. */
function holdersOf(
  context: SandboxContext,
  merchant: Merchant,
  sub_mchid: string | undefined,
): string[] {
  if (sub_mchid !== undefined) return [sub_mchid];
  if (merchant.role === 'direct') return [merchant.mchid];
  return context.sub_merchants.of(merchant.mchid).map((seller) => seller.sub_mchid);
}

/** GET /v3/profitsharing/bills */
export function splitBill(
  context: SandboxContext,
  merchant: Merchant,
  query: Query,
): Promise<object> {
  const date: BusinessDate = wantedDate(query);
  const sub_mchid = wantedSeller(context, merchant, query);
  checkReady(context, date, 'bill.splits');
  const holders = holdersOf(context, merchant, sub_mchid);
  const lines = splitLines(context, { mchid: merchant.mchid, holders, date });
  if (lines.length === 0) throw noStatement();
  return linkTo(context, { merchant, query, life_ms: SHORT_LIFE_MS }, splitFile(lines));
}
