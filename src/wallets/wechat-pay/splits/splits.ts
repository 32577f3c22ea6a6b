import { fenField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type {
  SplitFact,
  SplitLimits,
  SplitOrder,
  SplitOutcome,
  SplitReturn,
  SplitReturnFact,
  SplitReturnOutcome,
  Splits,
  UnsplitOutcome,
} from '../../products/splits.ts';
import type { Refused, WalletAccount } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { ask, tell } from '../ask.ts';
import { type Call, type Client, callWallet } from '../client.ts';
import { notSent, toOutcome, unreadable } from '../refusals.ts';
import { openSealer } from '../trust/fields.ts';
import { returnFact, splitFact } from './facts.ts';
import { maxRate } from './max-rate.ts';
import { addReceiver, removeReceiver } from './receivers.ts';
import {
  needsSealer,
  type OfPayment,
  queryReturnCall,
  querySplitCall,
  releaseCall,
  returnCall,
  splitCall,
  unsplitCall,
} from './requests.ts';

/**
 * Splits, releases and returns. The wallet does them after it has answered, so the answer is never
 * the last word; the same number with the same data may be sent again at any time.
 * https://pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter8_1_1.shtml
 */
const LIMITS: SplitLimits = {
  max_parts: 50,
  max_requests: 50,
  max_rate: 30_000n,
  min_wait_ms: 60_000,
  hold_days: 30,
  return_days: 180,
  returns_from: ['merchant'],
  partial_release: true,
  distinct_parts: true,
};
const PLATFORM_LIMITS: SplitLimits = { ...LIMITS, min_wait_ms: 30_000, hold_days: 180 };

export function splits(client: Client): Splits {
  return {
    limits: LIMITS,
    limitsOf: (account) => (openAccount(account).role === 'platform' ? PLATFORM_LIMITS : LIMITS),
    maxRate: (account, sub_merchant) => maxRate(client, openAccount(account), sub_merchant),
    addReceiver: (account, receiver) => addReceiver(client, openAccount(account), receiver),
    removeReceiver: (account, receiver) => removeReceiver(client, openAccount(account), receiver),
    split: (account, order) => split(client, openAccount(account), order),
    querySplit: (account, asked) => {
      const opened = openAccount(account);
      return perform(client, opened, { call: querySplitCall(opened, asked), asked });
    },
    release: (account, order) => {
      const opened = openAccount(account);
      return perform(client, opened, { call: releaseCall(opened, order), asked: order });
    },
    unsplitAmount: (account, payment) => unsplitAmount(client, account, payment),
    returnSplit: (account, order) => returnSplit(client, openAccount(account), order),
    queryReturn: (account, order) => queryReturn(client, openAccount(account), order),
  };
}

type Asked = OfPayment & { readonly split_reference: string };

async function split(
  client: Client,
  account: MerchantAccount,
  order: SplitOrder,
): Promise<SplitOutcome> {
  const sealer = needsSealer(order) ? await openSealer(client, account) : undefined;
  const call = splitCall(account, order, sealer);
  if ('kind' in call) return call;
  return perform(client, account, { call, asked: order });
}

/** Undefined when the seller is named where there is one. */
function unnamed(account: MerchantAccount, call: Call, asked: OfPayment): Refused | undefined {
  if (account.role === 'direct' || asked.sub_merchant !== undefined) return undefined;
  return notSent(`${call.method} ${call.operation}`, 'The seller (sub_merchant) must be named.');
}

/** A split, a release, or the question how one went. */
async function perform(
  client: Client,
  account: MerchantAccount,
  { call, asked }: { call: Call; asked: Asked },
): Promise<SplitOutcome> {
  const refused = unnamed(account, call, asked);
  if (refused) return refused;
  const read = (content: WireObject) => readSplit(account, asked, content);
  return call.method === 'GET'
    ? ask(client, account, { call, read })
    : tell(client, account, { call, read });
}

function readSplit(
  account: MerchantAccount,
  asked: Asked,
  content: WireObject,
): SplitFact | string {
  const fact = splitFact(content, asked.sub_merchant ?? account.mchid);
  if (!fact) return 'fields of the split are missing';
  const same =
    fact.split_reference === asked.split_reference &&
    fact.wallet_transaction_id === asked.wallet_transaction_id;
  return same ? fact : 'it is about another split';
}

async function returnSplit(
  client: Client,
  account: MerchantAccount,
  order: SplitReturn,
): Promise<SplitReturnOutcome> {
  const call = returnCall(account, order);
  const refused = unnamed(account, call, order) ?? onlyMerchants(call, order);
  return refused ?? tell(client, account, { call, read: readReturn(order) });
}

function onlyMerchants({ operation }: Call, { receiver }: SplitReturn): Refused | undefined {
  if (LIMITS.returns_from.includes(receiver.kind)) return undefined;
  return notSent(`POST ${operation}`, 'Only merchants give parts of a split back.');
}

async function queryReturn(
  client: Client,
  account: MerchantAccount,
  order: SplitReturn,
): Promise<SplitReturnOutcome> {
  const call = queryReturnCall(account, order);
  return unnamed(account, call, order) ?? ask(client, account, { call, read: readReturn(order) });
}

function readReturn(order: SplitReturn) {
  return (content: WireObject): SplitReturnFact | string => {
    const fact = returnFact(content);
    if (!fact) return 'fields of the return are missing';
    const same = fact.return_reference === order.return_reference && fact.amount === order.amount;
    return same ? fact : 'it is about another return';
  };
}

async function unsplitAmount(
  client: Client,
  account: WalletAccount,
  payment: OfPayment,
): Promise<UnsplitOutcome> {
  const opened = openAccount(account);
  const result = await callWallet(client, opened, unsplitCall(opened, payment));
  if (result.kind !== 'answer') return toOutcome(result);
  const amount = fenField(result.content, 'unsplit_amount');
  if (amount === undefined) return unreadable(result.trace, 'no amount');
  return { kind: 'amount', amount, trace: result.trace };
}
