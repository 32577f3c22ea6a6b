import { toYuan } from '../../../money.ts';
import { fenOf, parseStamp } from '../../../protocols/alipay/trade.ts';
import type { RefundFact, RefundOrder, RefundOutcome } from '../../wallet.ts';
import type { AlipayAccount } from '../account.ts';
import { type Gateway, refusedBy, undecided, type Value } from '../gateway.ts';
import { accountType } from '../royalty/accounts.ts';

/**
 * Refunds. `out_request_no` is the idempotency key. A 10000 alone says nothing: money moved only
 * when `fund_change` is Y or a query answers REFUND_SUCCESS.
 */
const STATES: ReadonlyMap<unknown, RefundFact['state']> = new Map([
  ['REFUND_SUCCESS', 'succeeded'],
  ['REFUND_PROCESSING', 'pending'],
  ['REFUND_FAIL', 'refused'],
] as const);

/**
 * The payer's bank would not have the money: it goes to the payer's balance at the wallet, or
 * somebody must act. Undefined where nothing of that kind happened, or it is over.
 */
function bouncedState(info: unknown): RefundFact['state'] | undefined {
  if (typeof info !== 'object' || info === null || !('dback_status' in info)) return undefined;
  if (info.dback_status === 'P') return 'pending';
  return info.dback_status === 'F' ? 'needs_action' : undefined;
}

type Asked = Pick<RefundOrder, 'refund_reference' | 'wallet_reference'>;

function factOf(
  account: AlipayAccount,
  asked: Asked,
  state: RefundFact['state'],
  value: Value,
): Omit<RefundFact, 'amount'> {
  const stamp = value['gmt_refund_pay'];
  const refunded_at = typeof stamp === 'string' ? parseStamp(stamp) : undefined;
  return {
    refund_reference: asked.refund_reference,
    wallet_reference: asked.wallet_reference,
    state,
    wallet_merchant: account.seller_id,
    ...(refunded_at && { refunded_at }),
  };
}

/** Who of the receivers of splits gives how much back with this refund. */
function returnsContent({ split_returns = [] }: RefundOrder): Record<string, unknown> {
  if (split_returns.length === 0) return {};
  return {
    refund_royalty_parameters: split_returns.map(({ kind, account, amount }) => ({
      royalty_type: 'transfer',
      trans_out: account,
      trans_out_type: accountType({ kind, account }),
      amount: toYuan(amount),
    })),
  };
}

/** https://opendocs.alipay.com/open/f60979b3_alipay.trade.refund */
export async function refund(
  gateway: Gateway,
  account: AlipayAccount,
  order: RefundOrder,
): Promise<RefundOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.refund',
    biz_content: {
      out_trade_no: order.wallet_reference,
      refund_amount: toYuan(order.amount),
      out_request_no: order.refund_reference,
      ...(order.reason !== '' && { refund_reason: order.reason.slice(0, 256) }),
      ...returnsContent(order),
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  if (answer.code !== '10000') return refusedBy(answer);
  const { value, trace } = answer;
  if (value['out_trade_no'] !== order.wallet_reference) {
    return { kind: 'unknown', cause: 'the answer is about another order', trace };
  }
  if (value['fund_change'] === 'Y') {
    const fact = { ...factOf(account, order, 'succeeded', value), amount: order.amount };
    return { kind: 'fact', fact, trace };
  }
  const now = await queryRefund(gateway, account, order);
  if (now.kind === 'not_found') {
    return { kind: 'unknown', cause: 'accepted, but no money has moved yet', trace: now.trace };
  }
  if (now.kind === 'fact' && now.fact.amount !== undefined && now.fact.amount !== order.amount) {
    const message = `refund ${order.refund_reference} was made before with another amount`;
    return { kind: 'refused', code: 'reference_reused', message, trace: now.trace };
  }
  return now;
}

/** https://opendocs.alipay.com/open/8c776df6_alipay.trade.fastpay.refund.query */
export async function queryRefund(
  gateway: Gateway,
  account: AlipayAccount,
  asked: Asked,
): Promise<RefundOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.fastpay.refund.query',
    biz_content: {
      out_trade_no: asked.wallet_reference,
      out_request_no: asked.refund_reference,
      query_options: ['gmt_refund_pay', 'deposit_back_info'],
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { value, trace } = answer;
  if (answer.sub_code === 'ACQ.TRADE_NOT_EXIST') return { kind: 'not_found', trace };
  if (answer.code !== '10000') return refusedBy(answer);
  const status = value['refund_status'] ?? '';
  const bounced = bouncedState(value['deposit_back_info']);
  if (status === '' && !bounced) return { kind: 'not_found', trace };
  if (value['out_request_no'] !== asked.refund_reference) {
    return { kind: 'unknown', cause: 'the answer is about another refund', trace };
  }
  const state = bounced ?? STATES.get(status);
  if (!state) return { kind: 'unknown', cause: 'a refund_status of its own', trace };
  const text = value['refund_amount'];
  const amount = typeof text === 'string' ? fenOf(text) : undefined;
  const fact = factOf(account, asked, state, value);
  return { kind: 'fact', fact: amount === undefined ? fact : { ...fact, amount }, trace };
}
