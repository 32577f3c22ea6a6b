import { REFUNDS } from '../../protocols/douyin-pay/messages.ts';
import { fenNumber } from '../../protocols/wechat-pay/messages.ts';
import type { RefundOrder, RefundOutcome } from '../wallet.ts';
import type { DouyinAccount } from './account.ts';
import { type CallResult, type Client, unreadable } from './client.ts';
import { refundFact } from './facts.ts';

/** Refunds: the same number with the same data may be sent again at any time. */
const MAX_REASON = 80;
type Asked = Pick<RefundOrder, 'refund_reference' | 'wallet_reference'>;

export async function refund(
  client: Client,
  account: DouyinAccount,
  order: RefundOrder,
): Promise<RefundOutcome> {
  const reason = order.reason.replace(/\p{Cc}+/gu, ' ').trim();
  const result = await client.call(account, {
    method: 'POST',
    target: REFUNDS,
    body: {
      mchid: account.mchid,
      out_trade_no: order.wallet_reference,
      out_refund_no: order.refund_reference,
      ...(reason === '' ? {} : { reason: reason.slice(0, MAX_REASON) }),
      notify_url: order.notify_url,
      amount: {
        refund: fenNumber(order.amount),
        total: fenNumber(order.payment_amount),
        currency: order.currency,
      },
    },
  });
  if (result.kind === 'refused' && result.wallet_code === 'REFUND_AMOUNT_EXCEED') {
    return { ...result, code: 'over_refund' };
  }
  return toFact(account, order, result);
}

export async function queryRefund(
  client: Client,
  account: DouyinAccount,
  asked: Asked,
): Promise<RefundOutcome> {
  const result = await client.call(account, {
    method: 'GET',
    target: `${REFUNDS}/${encodeURIComponent(asked.refund_reference)}?mchid=${account.mchid}`,
    operation: `${REFUNDS}/{out_refund_no}`,
  });
  if (result.kind === 'refused' && result.code === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  return toFact(account, asked, result);
}

function toFact(account: DouyinAccount, asked: Asked, result: CallResult): RefundOutcome {
  if (result.kind !== 'answer') return result;
  const fact = refundFact(result.content, account.mchid);
  if (!fact) return unreadable(result.trace, 'fields of the refund are missing');
  const same =
    fact.refund_reference === asked.refund_reference &&
    fact.wallet_reference === asked.wallet_reference;
  if (!same) return unreadable(result.trace, 'it is about another refund');
  return { kind: 'fact', fact, trace: result.trace };
}
