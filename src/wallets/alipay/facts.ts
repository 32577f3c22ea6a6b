import { parseObject } from '../../protocols/alipay/response.ts';
import { fenOf, isTradeStatus, parseStamp } from '../../protocols/alipay/trade.ts';
import type { CouponAmounts, PaymentFact } from '../wallet.ts';

/**
 * What the wallet says of a trade, from a query answer or a notification: the same fields under
 * almost the same names. https://opendocs.alipay.com/open/82ea786a_alipay.trade.query
 */
export type Fields = Readonly<Record<string, unknown>>;

function textOf(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function amountOf(fields: Fields, ...names: readonly string[]): bigint | undefined {
  const text = textOf(fields, ...names);
  return text === undefined ? undefined : fenOf(text);
}

/** Lists come as JSON in answers and as JSON text in notifications. */
function listOf(fields: Fields, name: string): Fields[] {
  const value = fields[name];
  const list: unknown =
    typeof value === 'string' ? parseObject(`{"list":${value}}`)?.['list'] : value;
  if (!Array.isArray(list)) return [];
  return list.filter((entry): entry is Fields => typeof entry === 'object' && entry !== null);
}

const MERCHANT_CHANNELS: readonly string[] = ['MCOUPON', 'MDISCOUNT'];
const WALLET_CHANNELS: readonly string[] = ['COUPON', 'DISCOUNT'];

function sumOf(entries: readonly Fields[], ...names: readonly string[]): bigint {
  return entries.reduce((sum, entry) => sum + (amountOf(entry, ...names) ?? 0n), 0n);
}

/** Coupons by who funds them; vouchers name their funders, fund channels only imply them. */
export function couponsOf(fields: Fields): CouponAmounts | undefined {
  const vouchers = listOf(fields, 'voucher_detail_list');
  if (vouchers.length > 0) {
    const merchant_funded = sumOf(vouchers, 'merchant_contribute', 'merchantContribute');
    const other_funded = sumOf(vouchers, 'other_contribute', 'otherContribute');
    const rest = sumOf(vouchers, 'amount') - merchant_funded - other_funded;
    return { wallet_funded: rest > 0n ? rest : 0n, merchant_funded, other_funded };
  }
  const funded = (channels: readonly string[]) =>
    sumOf(
      listOf(fields, 'fund_bill_list').filter((bill) =>
        channels.includes(textOf(bill, 'fund_channel', 'fundChannel') ?? ''),
      ),
      'amount',
    );
  const wallet_funded = funded(WALLET_CHANNELS);
  const merchant_funded = funded(MERCHANT_CHANNELS);
  if (wallet_funded === 0n && merchant_funded === 0n) return undefined;
  return { wallet_funded, merchant_funded, other_funded: 0n };
}

/** Money did arrive once, whatever became of the trade since. */
function wasPaid(fields: Fields): boolean {
  if (textOf(fields, 'send_pay_date', 'gmt_payment', 'gmt_refund') !== undefined) return true;
  return ['receipt_amount', 'refund_fee'].some((name) => (amountOf(fields, name) ?? 0n) > 0n);
}

function stateOf(fields: Fields): PaymentFact['state'] | undefined {
  const status = fields['trade_status'];
  if (!isTradeStatus(status)) return undefined;
  switch (status) {
    case 'WAIT_BUYER_PAY':
      return 'waiting';
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return 'paid';
    case 'TRADE_CLOSED':
      return wasPaid(fields) ? 'refunded' : 'closed';
    default:
      return status satisfies never;
  }
}

/** Undefined when a field that the fact cannot do without is missing or malformed. */
export function paymentFact(fields: Fields, wallet_merchant: string): PaymentFact | undefined {
  const wallet_reference = textOf(fields, 'out_trade_no');
  const trade_no = textOf(fields, 'trade_no');
  const state = stateOf(fields);
  const amount = amountOf(fields, 'total_amount');
  if (wallet_reference === undefined || state === undefined) return undefined;
  const fact = { wallet_reference, state, wallet_merchant };
  if (state === 'waiting' || state === 'closed') {
    return { ...fact, ...(amount !== undefined && { amount, currency: 'CNY' }) };
  }
  if (trade_no === undefined || amount === undefined) return undefined;
  const payer_paid = amountOf(fields, 'buyer_pay_amount');
  const coupons = couponsOf(fields);
  const paid_at = parseStamp(textOf(fields, 'send_pay_date', 'gmt_payment') ?? '');
  const payer = textOf(fields, 'buyer_open_id', 'buyer_user_id', 'buyer_id');
  return {
    ...fact,
    wallet_transaction_id: trade_no,
    amount,
    // Domestic trades carry no currency field: the gateway's amounts are yuan.
    currency: textOf(fields, 'trans_currency') ?? 'CNY',
    ...(payer_paid !== undefined && { payer_paid }),
    ...(coupons && { coupons }),
    ...(paid_at && { paid_at }),
    ...(payer !== undefined && { payer }),
  };
}
