import iconv from 'iconv-lite';
import { shanghaiStamp } from '../../clock.ts';
import { toYuan } from '../../money.ts';
import { ACKNOWLEDGED, signNotification } from '../../protocols/alipay/notification.ts';
import { type Charset, charsetNamed, encodeForm } from '../../protocols/alipay/parameters.ts';
import type { PendingNotification, Rendered } from '../notifier.ts';
import { oneFenMore } from './api/run.ts';
import type { Alipay, Trade, TradeRefund } from './books.ts';
import { newNotifyId, openId } from './numbers.ts';
import type { Signer } from './open/keyring.ts';
import { amountsOf, fundBills, voucherDetails } from './trade/discounts.ts';

/**
 * What the wallet tells the merchant: form-urlencoded, signed afresh for every try, with one
 * notify_id for all of them. https://opendocs.alipay.com/open/204/105301
 */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Three tries at once, then the published gaps: about 25 hours in all. */
export const NOTIFY_SCHEDULE_MS = [
  SECOND,
  SECOND,
  SECOND,
  4 * MINUTE,
  10 * MINUTE,
  10 * MINUTE,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  15 * HOUR,
] as const;

function stamp(time: number | null): string | undefined {
  return time === null ? undefined : shanghaiStamp(new Date(time));
}

function content(alipay: Alipay, trade: Trade, refund: TradeRefund | undefined) {
  const buyer = alipay.buyers.get(trade.buyer ?? '');
  return {
    notify_type: 'trade_status_sync',
    notify_id: newNotifyId(alipay.options.random, alipay.options.clock.now()),
    charset: trade.charset,
    version: '1.0',
    app_id: trade.app_id,
    auth_app_id: authAppId(alipay, trade),
    seller_id: trade.seller_id,
    trade_no: trade.trade_no ?? undefined,
    out_trade_no: trade.out_trade_no,
    out_biz_no: refund?.out_request_no,
    trade_status: trade.status,
    buyer_id: buyer?.user_id,
    buyer_open_id: buyer && openId(trade.app_id, buyer.person.id),
    buyer_logon_id: buyer?.logon_id,
    ...amountsOf(trade),
    refund_fee: refund && toYuan(trade.refunded),
    send_back_fee: refund && toYuan(refund.returned),
    refund_status: refund?.asynchronous === true ? 'REFUND_SUCCESS' : undefined,
    subject: trade.subject,
    body: trade.body ?? undefined,
    passback_params: trade.passback_params ?? undefined,
    gmt_create: stamp(trade.created_at),
    gmt_payment: stamp(trade.paid_at),
    gmt_refund: refund && `${stamp(refund.at)}.${String(refund.at % 1000).padStart(3, '0')}`,
    gmt_close: stamp(trade.closed_at),
    fund_bill_list: JSON.stringify(fundBills(trade, 'fundChannel')),
    voucher_detail_list:
      trade.vouchers.length === 0 ? undefined : JSON.stringify(voucherDetails(trade, 'camel')),
  };
}

/** What signs for an application; what was begun for one that is gone is signed in key mode. */
function signerOf(alipay: Alipay, app_id: string): Signer {
  const app = alipay.apps.get(app_id);
  return app ? alipay.keyring.signer(app) : { key: alipay.keyring.plain, sn: null };
}

/** The application of the merchant whose trade it is; a third party's call is for another's. */
export function authAppId(alipay: Alipay, trade: Pick<Trade, 'app_id' | 'seller_id'>): string {
  if (alipay.apps.get(trade.app_id)?.seller_id === trade.seller_id) return trade.app_id;
  for (const app of alipay.apps.values()) {
    if (app.seller_id === trade.seller_id) return app.app_id;
  }
  return trade.app_id;
}

/** Tells the merchant that a trade is paid, or what one refund did to it. */
export function notifyTrade(alipay: Alipay, trade: Trade, refund?: TradeRefund): void {
  if (trade.notify_url === null) return;
  const subject = content(alipay, trade, refund);
  const { amount } = refund ?? trade;
  const occasion = { operation: subject.notify_type, amount };
  alipay.notifier.notify(subject.notify_id, trade.notify_url, subject, occasion);
}

interface Said {
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly charset: Charset;
}

/** What is said this time: the subject, its stamp, and what the fault dial makes of its amount. */
function said(alipay: Alipay, notification: PendingNotification): Said {
  const fields: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(notification.subject)) {
    if (typeof value === 'string') fields[name] = value;
  }
  // Messages of the wallet's message channel carry a stamp of their own.
  const now = alipay.options.clock.now();
  if (fields['msg_method'] === undefined) fields['notify_time'] = shanghaiStamp(now);
  else fields['utc_timestamp'] = now.getTime().toString();
  const total = fields['total_amount'];
  const { operation, amount } = notification;
  const occasion = { operation, amount };
  const { faults } = alipay.options;
  if (total !== undefined && faults.strikes('notification_wrong_amount', occasion)) {
    fields['total_amount'] = oneFenMore(total);
  }
  return { fields, charset: charsetNamed(fields['charset'] ?? '') ?? 'utf-8' };
}

/** Never leaves before the fact is durable: a merchant must not know more than the books do. */
export async function renderNotification(
  alipay: Alipay,
  notification: PendingNotification,
): Promise<Rendered> {
  await alipay.options.store.committed();
  const { fields, charset } = said(alipay, notification);
  const { key, sn } = signerOf(alipay, fields['app_id'] ?? '');
  const encode = (text: string) => iconv.encode(text, charset);
  const parameters = await signNotification(key, fields, {
    encode,
    ...(sn !== null && alipay.switches.notification_cert_sn && { alipay_cert_sn: sn }),
  });
  const { notify_id, seller_id } = fields;
  if (notify_id !== undefined && seller_id !== undefined) {
    alipay.sent_notices.add(notify_id, seller_id, alipay.options.clock.real());
  }
  const headers = { 'content-type': `application/x-www-form-urlencoded; charset=${charset}` };
  const letter = { headers, body: encodeForm(parameters, encode) };
  const { operation, amount } = notification;
  if (!alipay.options.faults.strikes('notification_probed', { operation, amount })) return letter;
  const sign = parameters.get('sign') ?? '';
  const spoilt = new Map(parameters).set('sign', `${sign[0] === 'A' ? 'B' : 'A'}${sign.slice(1)}`);
  return { ...letter, probe: { headers, body: encodeForm(spoilt, encode) } };
}

export function isAcknowledged(answer: { status: number; body: Buffer }): boolean {
  return answer.status === 200 && answer.body.toString('utf8') === ACKNOWLEDGED;
}

/** The address the payer's browser goes back to, signed; undefined when the merchant gave none. */
export async function returnUrl(alipay: Alipay, trade: Trade): Promise<string | undefined> {
  if (trade.return_url === null) return undefined;
  const { key } = signerOf(alipay, trade.app_id);
  const parameters = await signNotification(key, {
    charset: 'utf-8',
    out_trade_no: trade.out_trade_no,
    method: `alipay.trade.${trade.product}.pay.return`,
    total_amount: toYuan(trade.amount),
    trade_no: trade.trade_no ?? undefined,
    auth_app_id: authAppId(alipay, trade),
    version: '1.0',
    app_id: trade.app_id,
    seller_id: trade.seller_id,
    timestamp: shanghaiStamp(alipay.options.clock.now()),
  });
  const joint = trade.return_url.includes('?') ? '&' : '?';
  return `${trade.return_url}${joint}${encodeForm(parameters)}`;
}
