import { fenOf } from '../../../protocols/alipay/trade.ts';
import type { SplitFact, SplitOrder, SplitOutcome } from '../../products/splits.ts';
import type { Refused, Unknown } from '../../wallet.ts';
import type { AlipayAccount } from '../account.ts';
import type { Fields } from '../facts.ts';
import { type Gateway, type GatewayAnswer, refusedBy, undecided } from '../gateway.ts';

/**
 * Direct payment: a seller's money waits for one confirmation over all that is left of it, which
 * frees it or keeps it frozen for splits; then the rest is freed by finishing the splits.
 * https://opendocs.alipay.com/solution/5cd4703e_alipay.trade.settle.confirm
 */
export type Releasing = Pick<
  SplitOrder,
  'split_reference' | 'wallet_reference' | 'wallet_transaction_id' | 'sub_merchant'
>;

interface Settled {
  /** Request numbers of confirmations. */
  readonly confirmed: readonly string[];
  readonly is_confirmed: boolean;
  readonly unsettled: string;
}

function settledFrom(value: Fields): Settled | undefined {
  const info = value['trade_settle_info'];
  if (typeof info !== 'object' || info === null) return undefined;
  const fields: Fields = { ...info };
  const unsettled = fields['trade_unsettled_amount'];
  if (typeof unsettled !== 'string' || fenOf(unsettled) === undefined) return undefined;
  const list = fields['trade_settle_detail_list'];
  const settles = (Array.isArray(list) ? list : []).filter(
    (line): line is Fields =>
      typeof line === 'object' && line !== null && line.operation_type === 'settle',
  );
  return {
    is_confirmed: settles.length > 0,
    confirmed: settles.map((line) => String(line['operation_serial_no'] ?? '')),
    unsettled,
  };
}

type Looked = { readonly kind: 'settled'; readonly settled: Settled } | Refused | Unknown;

async function look(gateway: Gateway, account: AlipayAccount, trade_no: string): Promise<Looked> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.query',
    biz_content: { trade_no, query_options: ['trade_settle_info'] },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  if (answer.code !== '10000') return refusedBy(answer);
  const settled = settledFrom(answer.value);
  if (!settled || answer.value['trade_no'] !== trade_no) {
    const cause = 'the answer does not say what is settled';
    return { kind: 'unknown', cause, trace: answer.trace };
  }
  return { kind: 'settled', settled };
}

interface Confirming {
  readonly trade_no: string;
  readonly out_request_no: string;
  readonly amount: string;
  readonly freeze: boolean;
}

function confirm(gateway: Gateway, account: AlipayAccount, wanted: Confirming) {
  return gateway.call(account, {
    method: 'alipay.trade.settle.confirm',
    biz_content: {
      out_request_no: wanted.out_request_no,
      trade_no: wanted.trade_no,
      settle_info: {
        settle_detail_infos: [{ trans_in_type: 'defaultSettle', amount: wanted.amount }],
      },
      ...(wanted.freeze && { extend_params: { royalty_freeze: 'true' } }),
    },
  });
}

/** Undefined when nothing stands in the way of splitting. */
export async function confirmForSplits(
  gateway: Gateway,
  account: AlipayAccount,
  { sub_merchant, wallet_transaction_id: trade_no }: Releasing,
): Promise<Refused | Unknown | undefined> {
  if (sub_merchant === undefined) return undefined;
  const looked = await look(gateway, account, trade_no);
  if (looked.kind !== 'settled') return looked;
  if (looked.settled.is_confirmed) return undefined;
  // One confirmation a trade, whichever split comes first: its number is the trade's.
  const out_request_no = `C${trade_no}`;
  const amount = looked.settled.unsettled;
  const answer = await confirm(gateway, account, {
    trade_no,
    out_request_no,
    amount,
    freeze: true,
  });
  if (answer.kind !== 'answered') return undecided(answer);
  // A trade whose money was never held needs no confirmation: the split itself will tell.
  if (answer.code === '10000' || answer.sub_code === 'ACQ.ILLEGAL_SETTLE_STATE') return undefined;
  return refusedBy(answer);
}

function released(order: Releasing): SplitFact {
  return {
    split_reference: order.split_reference,
    wallet_transaction_id: order.wallet_transaction_id,
    state: 'finished',
    parts: [],
  };
}

function judged(order: Releasing, answer: GatewayAnswer): SplitOutcome {
  if (answer.kind !== 'answered') return undecided(answer);
  if (answer.code !== '10000') return refusedBy(answer);
  if (answer.value['trade_no'] !== order.wallet_transaction_id) {
    const cause = 'the answer is about another trade';
    return { kind: 'unknown', cause, trace: answer.trace };
  }
  return { kind: 'fact', fact: released(order), trace: answer.trace };
}

/** All that is still held goes to the seller: the first and only confirmation, or the end. */
export async function release(
  gateway: Gateway,
  account: AlipayAccount,
  order: Releasing,
): Promise<SplitOutcome> {
  const { split_reference: out_request_no, wallet_transaction_id: trade_no } = order;
  if (order.sub_merchant !== undefined) {
    const looked = await look(gateway, account, trade_no);
    if (looked.kind !== 'settled') return looked;
    const { is_confirmed, confirmed, unsettled: amount } = looked.settled;
    if (!is_confirmed || confirmed.includes(out_request_no)) {
      const wanted = { trade_no, out_request_no, amount, freeze: false };
      return judged(order, await confirm(gateway, account, wanted));
    }
  }
  const answer = await gateway.call(account, {
    method: 'alipay.trade.order.settle',
    biz_content: {
      out_request_no,
      trade_no,
      extend_params: { royalty_finish: 'true' },
    },
  });
  return judged(order, answer);
}

/** Was this release made by a confirmation? Such a one is in no list of splits. */
export async function confirmedRelease(
  gateway: Gateway,
  account: AlipayAccount,
  order: Releasing,
): Promise<SplitFact | undefined> {
  if (order.sub_merchant === undefined) return undefined;
  const looked = await look(gateway, account, order.wallet_transaction_id);
  const known =
    looked.kind === 'settled' && looked.settled.confirmed.includes(order.split_reference);
  return known ? released(order) : undefined;
}
