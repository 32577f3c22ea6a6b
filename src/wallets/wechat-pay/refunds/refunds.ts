import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { fenNumber, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { RefundFact, RefundOrder, RefundOutcome, Refused, Unknown } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import { ask, readResult } from '../ask.ts';
import { type Client, callWallet, type WalletError } from '../client.ts';
import { refundFact } from '../facts.ts';
import { partyOf } from '../orders/party.ts';
import { walletText } from '../orders/payments.ts';
import { notSent, toOutcome } from '../refusals.ts';
import { REFUNDS } from './calls.ts';

/**
 * Refunds: the same number with the same data may be sent again at any time.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
const MAX_REASON = 80;
type Asked = Pick<RefundOrder, 'refund_reference' | 'wallet_reference' | 'sub_merchant'>;

/** The wallet asks for the same request again; whether it will act is open. */
const RETRY_CODES = new Set(['BIZ_ERR_NEED_RETRY']);

export async function refund(
  client: Client,
  account: MerchantAccount,
  order: RefundOrder,
): Promise<RefundOutcome> {
  const ids = sellerIds(account, order.sub_merchant);
  if ('problem' in ids) return notSent(`POST ${REFUNDS}`, ids.problem);
  if (order.advance === true) {
    return notSent(`POST ${REFUNDS}`, 'Only a platform pays refunds of its sellers.');
  }
  const result = await callWallet(client, account, {
    method: 'POST',
    target: REFUNDS,
    operation: REFUNDS,
    body: { ...ids, ...refundBody(order) },
  });
  return result.kind === 'error'
    ? refusedRefund(result)
    : readResult(result, readRefund(account, order));
}

/** What came of a refund that the wallet did not take. */
export function refusedRefund(error: WalletError): Refused | Unknown {
  if (RETRY_CODES.has(error.code)) {
    return { kind: 'unknown', cause: error.code, trace: error.trace };
  }
  const outcome = toOutcome(error);
  const over = error.code === 'INVALID_REQUEST' && error.internal === INTERNAL_CODE.out_of_range;
  return over && outcome.kind === 'refused' ? { ...outcome, code: 'over_refund' } : outcome;
}

/** Names the order by our number alone, so that a retry has the same bytes as the first try. */
function refundBody(order: RefundOrder): WireObject {
  const reason = walletText(order.reason, MAX_REASON);
  return {
    out_trade_no: order.wallet_reference,
    out_refund_no: order.refund_reference,
    ...(reason === '' ? {} : { reason }),
    notify_url: order.notify_url,
    amount: {
      refund: fenNumber(order.amount),
      total: fenNumber(order.payment_amount),
      currency: order.currency,
    },
  };
}

export async function queryRefund(
  client: Client,
  account: MerchantAccount,
  order: Asked,
): Promise<RefundOutcome> {
  const operation = `${REFUNDS}/{out_refund_no}`;
  const ids = sellerIds(account, order.sub_merchant);
  if ('problem' in ids) return notSent(`GET ${operation}`, ids.problem);
  const query = 'sub_mchid' in ids ? `?sub_mchid=${encodeURIComponent(ids.sub_mchid)}` : '';
  const target = `${REFUNDS}/${encodeURIComponent(order.refund_reference)}${query}`;
  return ask(client, account, {
    call: { method: 'GET', target, operation },
    read: readRefund(account, order),
  });
}

/** Whose order it is, as bodies and queries name it; a sentence when that cannot be. */
export function sellerIds(
  account: MerchantAccount,
  sub_merchant: string | undefined,
): Record<string, never> | { readonly sub_mchid: string } | { readonly problem: string } {
  const party = partyOf(account, sub_merchant);
  if ('problem' in party) return party;
  return party.sub_merchant === undefined ? {} : { sub_mchid: party.sub_merchant };
}

/** The refund that was meant, in an answer of either family. */
export function readRefund(account: MerchantAccount, order: Asked) {
  return (content: WireObject): RefundFact | string => {
    const fact = refundFact(content, account.mchid);
    if (!fact) return 'fields of the refund are missing';
    const same =
      fact.refund_reference === order.refund_reference &&
      fact.wallet_reference === order.wallet_reference;
    return same ? fact : 'it is about another refund';
  };
}
