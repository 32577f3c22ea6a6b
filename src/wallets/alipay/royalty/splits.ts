import { createHash } from 'node:crypto';
import { toYuan } from '../../../money.ts';
import { fenOf } from '../../../protocols/alipay/trade.ts';
import type {
  ListedReceiver,
  ReceiverOutcome,
  SplitFact,
  SplitLimits,
  SplitOrder,
  SplitOutcome,
  Splits,
  UnsplitOutcome,
} from '../../products/splits.ts';
import { type AlipayAccount, openAccount, otherApp } from '../account.ts';
import { type Gateway, refusedBy, undecided } from '../gateway.ts';
import { HOLD_DAYS } from '../trade/order-content.ts';
import { accountType } from './accounts.ts';
import { confirmedRelease, confirmForSplits, type Releasing, release } from './confirm.ts';
import { splitFact } from './facts.ts';
import { maxRate } from './max-rate.ts';

/**
 * Profit sharing, asynchronous: each part succeeds or fails by itself, and the result is queried or
 * told by message. The wallet has no return of a split: receivers give back with the refund.
 * https://opendocs.alipay.com/open/c3b24498_alipay.trade.order.settle
 */
const LIMITS: SplitLimits = {
  max_parts: 50,
  max_requests: 300,
  max_rate: 30_000n,
  min_wait_ms: 30_000,
  hold_days: 30,
  return_days: 0,
  returns_from: ['merchant', 'person'],
  partial_release: false,
  distinct_parts: false,
};
const NUMBER_LENGTH = 32;

/** The same receiver has the same number, so that binding twice is binding once. */
function receiverNumber(verb: string, { account }: ListedReceiver): string {
  return createHash('sha256').update(`${verb} ${account}`).digest('hex').slice(0, NUMBER_LENGTH);
}

async function relate(
  gateway: Gateway,
  account: AlipayAccount,
  { receiver, verb }: { receiver: ListedReceiver; verb: 'bind' | 'unbind' },
): Promise<ReceiverOutcome> {
  const { name } = receiver;
  const method = `alipay.trade.royalty.relation.${verb}`;
  const refused = otherApp(account, method, receiver.app);
  if (refused) return refused;
  const answer = await gateway.call(account, {
    method,
    biz_content: {
      out_request_no: receiverNumber(verb, receiver),
      receiver_list: [
        {
          type: accountType(receiver),
          account: receiver.account,
          ...(name !== undefined && verb === 'bind' && { name }),
        },
      ],
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  if (answer.code !== '10000') return refusedBy(answer);
  if (answer.value['result_code'] !== 'SUCCESS') {
    const cause = 'the answer does not say that it is done';
    return { kind: 'unknown', cause, trace: answer.trace };
  }
  return { kind: 'done', trace: answer.trace };
}

/** A platform's own commission: it is a receiver of its sellers' payments without being bound. */
function partsContent(order: SplitOrder) {
  return order.parts.map((part) => ({
    royalty_type: 'transfer',
    trans_in: part.account,
    trans_in_type: accountType(part),
    amount: toYuan(part.amount),
    ...(part.name !== undefined && { trans_in_name: part.name }),
    ...(part.description !== '' && { desc: part.description.slice(0, 1000) }),
  }));
}

function pendingFact(order: SplitOrder, settle_no: string): SplitFact {
  return {
    split_reference: order.split_reference,
    wallet_split_id: settle_no,
    wallet_transaction_id: order.wallet_transaction_id,
    state: 'pending',
    parts: order.parts.map(({ account, amount }) => ({ account, amount, state: 'pending' })),
  };
}

async function split(
  gateway: Gateway,
  account: AlipayAccount,
  order: SplitOrder,
): Promise<SplitOutcome> {
  const refused = otherApp(account, 'alipay.trade.order.settle', order.app);
  if (refused) return refused;
  const confirmed = await confirmForSplits(gateway, account, order);
  if (confirmed) return confirmed;
  const answer = await gateway.call(account, {
    method: 'alipay.trade.order.settle',
    biz_content: {
      out_request_no: order.split_reference,
      trade_no: order.wallet_transaction_id,
      royalty_mode: 'async',
      royalty_parameters: partsContent(order),
      ...(order.release_rest && { extend_params: { royalty_finish: 'true' } }),
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace, value } = answer;
  if (answer.code !== '10000') return refusedBy(answer);
  const { trade_no, settle_no } = value;
  if (trade_no !== order.wallet_transaction_id || typeof settle_no !== 'string') {
    return { kind: 'unknown', cause: 'the answer is about another split', trace };
  }
  return { kind: 'fact', fact: pendingFact(order, settle_no), trace };
}

/** https://opendocs.alipay.com/open/9ef980b7_alipay.trade.order.settle.query */
async function querySplit(
  gateway: Gateway,
  account: AlipayAccount,
  asked: Releasing,
): Promise<SplitOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.order.settle.query',
    biz_content: {
      trade_no: asked.wallet_transaction_id,
      out_request_no: asked.split_reference,
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace, value } = answer;
  if (answer.sub_code === 'ACQ.TRADE_NOT_EXIST') {
    const fact = await confirmedRelease(gateway, account, asked);
    return fact ? { kind: 'fact', fact, trace } : { kind: 'not_found', trace };
  }
  if (answer.code !== '10000') return refusedBy(answer);
  const fact = splitFact(value, asked.wallet_transaction_id);
  if (fact?.split_reference !== asked.split_reference) {
    return { kind: 'unknown', cause: 'the answer is malformed or about another split', trace };
  }
  return { kind: 'fact', fact, trace };
}

/** https://opendocs.alipay.com/open/d87dc009_alipay.trade.order.onsettle.query */
async function unsplitAmount(
  gateway: Gateway,
  account: AlipayAccount,
  { wallet_transaction_id }: Pick<SplitOrder, 'wallet_transaction_id'>,
): Promise<UnsplitOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.order.onsettle.query',
    biz_content: { trade_no: wallet_transaction_id },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace } = answer;
  if (answer.code !== '10000') return refusedBy(answer);
  const amount = fenOf(String(answer.value['unsettled_amount'] ?? ''));
  if (amount === undefined) return { kind: 'unknown', cause: 'no amount in the answer', trace };
  return { kind: 'amount', amount, trace };
}

export function splits(gateway: Gateway): Splits {
  return {
    limits: LIMITS,
    // A platform's sellers' money waits for its confirmation, not for a split.
    limitsOf: ({ custody }) =>
      custody === 'wallet_held' ? { ...LIMITS, hold_days: HOLD_DAYS } : LIMITS,
    maxRate: (account, sub_merchant) =>
      sub_merchant === null ? maxRate(gateway, openAccount(account)) : undefined,
    addReceiver: (account, receiver) =>
      relate(gateway, openAccount(account), { receiver, verb: 'bind' }),
    removeReceiver: (account, receiver) =>
      relate(gateway, openAccount(account), { receiver, verb: 'unbind' }),
    split: (account, order) => split(gateway, openAccount(account), order),
    querySplit: (account, asked) => querySplit(gateway, openAccount(account), asked),
    release: (account, order: Releasing) => release(gateway, openAccount(account), order),
    unsplitAmount: (account, payment) => unsplitAmount(gateway, openAccount(account), payment),
  };
}
