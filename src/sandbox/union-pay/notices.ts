import { RESP_CODES } from '../../protocols/union-pay/codes.ts';
import { encodeForm, type Message, messageOf } from '../../protocols/union-pay/message.ts';
import { ENCODING, SIGN_METHOD_RSA, VERSION } from '../../protocols/union-pay/signature.ts';
import { CNY, settleDateOf, stamp, TXN } from '../../protocols/union-pay/transactions.ts';
import type { PendingNotification } from '../notifier.ts';
import { isPayment, now, type Payment, type Return, type UnionPay } from './books.ts';
import { maskedCard } from './numbers.ts';
import { signAnswer } from './sign.ts';

/**
 * What the wallet tells the merchant: a signed form to `backUrl`. Payments by page, app or code
 * are told when they succeed; trades of the back office (scanned codes, refunds, undos) also when
 * they fail. Five tries, 1, 2, 4 and 5 minutes apart; HTTP 200 or 302 ends them.
 * https://open.unionpay.com/ajweb/help/faq/list?id=77
 */
const MINUTE = 60_000;
export const NOTIFY_SCHEDULE_MS = [MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE] as const;
const WRONG_BY = 1n;

function respMsg(code: keyof typeof RESP_CODES): string {
  return code === '00' ? `${RESP_CODES[code]}[0000000]` : `${RESP_CODES[code]}[21${code}000]`;
}

/** The fields that a notice and a page's way back share. */
export function tradeMessage(union: UnionPay, trade: Payment | Return): Message {
  const { record } = trade;
  const payment = isPayment(trade);
  const original = payment ? undefined : union.payments.get(trade.original)?.record?.query_id;
  return messageOf({
    version: VERSION,
    encoding: ENCODING,
    signMethod: SIGN_METHOD_RSA,
    txnType: payment ? TXN.pay : trade.kind === 'refund' ? TXN.refund : TXN.undo,
    txnSubType: payment ? trade.txn_sub_type : '00',
    bizType: payment ? trade.biz_type : '000000',
    accessType: '0',
    merId: trade.mer_id,
    orderId: trade.order_id,
    txnTime: trade.txn_time,
    txnAmt: trade.amount.toString(),
    currencyCode: CNY,
    reqReserved: trade.req_reserved ?? undefined,
    queryId: record?.query_id,
    origQryId: original,
    traceNo: record?.trace_no,
    traceTime: record ? stamp(new Date(record.done_at)).slice(4) : undefined,
    settleAmt: trade.amount.toString(),
    settleCurrencyCode: CNY,
    settleDate: record ? settleDateOf(record.settle_date) : undefined,
    accNo: payment && trade.payer !== null ? maskedCard(trade.payer) : undefined,
    respCode: trade.resp_code,
    respMsg: respMsg(trade.resp_code),
  });
}

/** Queues what has become of a trade; nothing when the merchant named no address. */
export function notifyTrade(union: UnionPay, trade: Payment | Return): void {
  if (trade.back_url === '') return;
  const { faults } = union.options;
  const message = new Map(tradeMessage(union, trade));
  const id = `${message.get('queryId') ?? trade.order_id}-${trade.resp_code}-${now(union)}`;
  if (faults.strikes('notification_wrong_amount', { amount: trade.amount })) {
    message.set('txnAmt', (trade.amount + WRONG_BY).toString());
  }
  const subject = Object.fromEntries(message);
  if (faults.strikes('notification_probed', { amount: trade.amount })) {
    union.notifier.notify(`${id}-probe`, trade.back_url, { ...subject, [PROBE]: '1' });
  }
  union.notifier.notify(id, trade.back_url, subject);
}

const PROBE = 'hutong_probe';

/** Never leaves before the fact is durable: a merchant must not know more than the books do. */
export async function renderNotification(
  union: UnionPay,
  notification: PendingNotification,
): Promise<{ headers: Record<string, string>; body: string }> {
  await union.options.store.committed();
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(notification.subject)) {
    if (typeof value === 'string' && name !== PROBE) fields.set(name, value);
  }
  const wrong = PROBE in notification.subject;
  const message = await signAnswer(union, fields, { wrong });
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    body: encodeForm(message),
  };
}

export function isAcknowledged(union: UnionPay, answer: { status: number }): boolean {
  if (union.options.faults.strikes('notification_answer_lost')) return false;
  return answer.status === 200 || answer.status === 302;
}
