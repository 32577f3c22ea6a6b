import { isSuccess, isUndecided } from '../../protocols/union-pay/codes.ts';
import type { Message } from '../../protocols/union-pay/message.ts';
import { CNY, parseAmount, parseStamp, TXN } from '../../protocols/union-pay/transactions.ts';
import type { PaymentFact, RefundFact } from '../wallet.ts';

/**
 * What the wallet says of a trade, in a query's answer or a notice: the same fields. `code` is the
 * trade's own: `origRespCode` of a query, `respCode` of a notice.
 */
const REVERSED = '46';
const RETURNED = '45';

function stateOf(code: string): PaymentFact['state'] {
  if (isSuccess(code)) return 'paid';
  if (code === RETURNED) return 'refunded';
  return isUndecided(code) ? 'waiting' : 'closed';
}

/** Time of the trade, `MMDDhhmmss`, in the year that is nearest to when it was ordered. */
function traceTime(message: Message): Date | undefined {
  const text = message.get('traceTime') ?? '';
  const ordered = parseStamp(message.get('txnTime') ?? '');
  if (!/^\d{10}$/.test(text) || !ordered) return undefined;
  const year = Number((message.get('txnTime') ?? '').slice(0, 4));
  const times = [year - 1, year, year + 1]
    .map((each) => parseStamp(`${each}${text}`))
    .filter((time) => time !== undefined);
  const distance = (time: Date) => Math.abs(time.getTime() - ordered.getTime());
  return times.sort((a, b) => distance(a) - distance(b))[0];
}

/** Undefined when a field that the fact cannot do without is missing or malformed. */
export function paymentFact(message: Message, code: string): PaymentFact | undefined {
  const wallet_reference = message.get('orderId');
  const wallet_merchant = message.get('merId');
  const amount = parseAmount(message.get('txnAmt'));
  const wallet_transaction_id = message.get('queryId');
  if (!wallet_reference || !wallet_merchant) return undefined;
  const state = code === REVERSED ? 'closed' : stateOf(code);
  const fact = { wallet_reference, wallet_merchant, state };
  const money = amount === undefined ? {} : { amount, currency: currencyOf(message) };
  if (state === 'waiting' || state === 'closed') return { ...fact, ...money };
  if (amount === undefined || !wallet_transaction_id) return undefined;
  const paid_at = traceTime(message);
  return { ...fact, ...money, wallet_transaction_id, ...(paid_at && { paid_at }) };
}

function currencyOf(message: Message): string {
  const code = message.get('currencyCode') ?? CNY;
  return code === CNY ? 'CNY' : code;
}

/** Refunds tell the payment's number in what we gave them to carry along. */
export function refundFact(
  message: Message,
  code: string,
  wallet_reference: string,
): RefundFact | undefined {
  const refund_reference = message.get('orderId');
  const wallet_merchant = message.get('merId');
  const amount = parseAmount(message.get('txnAmt'));
  if (!refund_reference || !wallet_merchant || message.get('txnType') !== TXN.refund) {
    return undefined;
  }
  const wallet_refund_id = message.get('queryId');
  const refunded_at = traceTime(message);
  const state = isSuccess(code) ? 'succeeded' : isUndecided(code) ? 'pending' : 'refused';
  return {
    refund_reference,
    wallet_reference,
    wallet_merchant,
    state,
    ...(amount !== undefined && { amount }),
    ...(wallet_refund_id !== undefined && { wallet_refund_id }),
    ...(state === 'succeeded' && refunded_at && { refunded_at }),
  };
}
