import {
  fenField,
  fenNumber,
  objectField,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type { RefundOrder, RefundOutcome } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import { ask } from '../ask.ts';
import { type Client, callWallet } from '../client.ts';
import { walletText } from '../orders/payments.ts';
import { readRefund, refusedRefund } from '../refunds/refunds.ts';
import { notSent, toOutcome, unreadable } from '../refusals.ts';
import { REFUNDS } from './calls.ts';

/**
 * Refunds of a platform's sellers, out of the seller's money or paid by the platform. The same
 * number with the same data may be sent again at any time; the answer has no state, a query or a
 * notification brings it.
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-refund.html
 */
type Asked = Pick<RefundOrder, 'refund_reference' | 'wallet_reference' | 'sub_merchant'>;
const MAX_REASON = 80;

export async function platformRefund(
  client: Client,
  account: MerchantAccount,
  order: RefundOrder,
): Promise<RefundOutcome> {
  const operation = `${REFUNDS}/apply`;
  if (order.sub_merchant === undefined) return unnamed(`POST ${operation}`);
  const result = await callWallet(client, account, {
    method: 'POST',
    target: operation,
    operation,
    body: refundBody(account, order, order.sub_merchant),
  });
  if (result.kind === 'error') return refusedRefund(result);
  if (result.kind !== 'answer') return toOutcome(result);
  const { content, trace } = result;
  const wallet_refund_id = textField(content, 'refund_id');
  const amount = fenField(objectField(content, 'amount'), 'refund');
  const advanced = fenField(objectField(content, 'amount'), 'advance');
  const same = textField(content, 'out_refund_no') === order.refund_reference;
  if (!wallet_refund_id || !same || amount !== order.amount) {
    return unreadable(trace, 'it is about another refund');
  }
  const { refund_reference, wallet_reference } = order;
  return {
    kind: 'fact',
    fact: {
      refund_reference,
      wallet_reference,
      wallet_merchant: account.mchid,
      state: 'pending',
      wallet_refund_id,
      amount,
      ...(advanced === undefined ? {} : { advanced }),
    },
    trace,
  };
}

/** Names the order by our number alone, so that a retry has the same bytes as the first try. */
function refundBody(account: MerchantAccount, order: RefundOrder, sub_mchid: string): WireObject {
  const reason = walletText(order.reason, MAX_REASON);
  return {
    sub_mchid,
    sp_appid: account.appid,
    out_trade_no: order.wallet_reference,
    out_refund_no: order.refund_reference,
    ...(reason === '' ? {} : { reason }),
    amount: {
      refund: fenNumber(order.amount),
      total: fenNumber(order.payment_amount),
      currency: order.currency,
    },
    notify_url: order.notify_url,
    ...(order.advance === true ? { refund_account: 'REFUND_SOURCE_PARTNER_ADVANCE' } : {}),
  };
}

function unnamed(operation: string) {
  return notSent(operation, 'A platform’s refund needs the seller (sub_merchant).');
}

export async function queryPlatformRefund(
  client: Client,
  account: MerchantAccount,
  asked: Asked,
): Promise<RefundOutcome> {
  const operation = `${REFUNDS}/out-refund-no/{out_refund_no}`;
  if (asked.sub_merchant === undefined) return unnamed(`GET ${operation}`);
  const query = new URLSearchParams({ sub_mchid: asked.sub_merchant });
  const target = `${REFUNDS}/out-refund-no/${encodeURIComponent(asked.refund_reference)}?${query}`;
  return ask(client, account, {
    call: { method: 'GET', target, operation },
    read: readRefund(account, asked),
  });
}
