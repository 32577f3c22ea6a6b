import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  fenNumber,
  isWireObject,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type {
  ReceiverType,
  SplitMessage,
  SplitReturnMessage,
} from '../../../protocols/wechat-pay/sharing.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { digest } from '../orders/fingerprint.ts';
import { RELEASE, RETURN, SPLIT } from './fields.ts';
import { returnMessage, splitMessage } from './messages.ts';
import { releaseWhenOverdue } from './overdue.ts';
import { checkAppid, checkPerson, receiverType } from './receivers.ts';
import { acceptReturn, queriedReturn } from './returns.ts';
import { checkFamily, notFound, paidOrder, queriedSeller, sellerOf } from './rules.ts';
import { decryptOptional, type Opener, type SensitiveCall } from './sensitive.ts';
import { settleWhenDue } from './settle.ts';
import { acceptRelease, acceptSplit, knownSplit, type NewSplit } from './split.ts';

/**
 * The ordinary family: direct merchants split their own payments, partners those of their sellers.
 * https://pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter8_1_1.shtml
 */
export interface GivenPart {
  readonly type: ReceiverType;
  readonly account: string;
  readonly amount: bigint;
  readonly description: string;
  readonly name: string | undefined;
}

/** POST /v3/profitsharing/orders */
export function createSplit(
  context: SandboxContext,
  merchant: Merchant,
  { body, open }: SensitiveCall,
): SplitMessage {
  const seller = ownSeller(context, merchant, body);
  checkFields(SPLIT, body);
  checkAppid(context, merchant, textField(body, 'appid'));
  const parts = givenParts(open, body.receivers, { account: 'account', name: 'name' });
  const out_order_no = textField(body, 'out_order_no') ?? '';
  const fingerprint = digest({ ...body, receivers: parts.map(inClear), of: 'split' });
  const known = knownSplit(context, { mchid: merchant.mchid, out_order_no, fingerprint });
  if (known) return splitMessage(known);
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const order = paidOrder(context, merchant, { transaction_id, sub_mchid: seller });
  const owner = seller ?? merchant.mchid;
  const names = { appid: textField(body, 'appid'), sub_appid: textField(body, 'sub_appid') };
  const split = acceptSplit(context, order, {
    out_order_no,
    fingerprint,
    kind: 'split',
    description: '',
    parts: checkedParts(context, merchant, { parts, owner, seller: owner, names }),
    release_rest: body.unfreeze_unsplit === true,
  });
  return splitMessage(split);
}

/** A digest takes no bigint. */
export function inClear(part: GivenPart): object {
  return { ...part, amount: fenNumber(part.amount) };
}

/** The receivers as given, names in clear. The field table has checked their types. */
export function givenParts(
  open: Opener,
  receivers: unknown,
  fields: { account: string; name: string },
): GivenPart[] {
  const list = Array.isArray(receivers) ? receivers.filter(isWireObject) : [];
  return list.map((given, index) => ({
    type: receiverType(textField(given, 'type')),
    account: textField(given, fields.account) ?? '',
    amount: fenField(given, 'amount') ?? 0n,
    description: textField(given, 'description') ?? '',
    name: decryptOptional(open, given, {
      name: fields.name,
      pointer: `/receivers/${index}/${fields.name}`,
    }),
  }));
}

/** Throws unless every receiver is on the list; names given for persons are checked again. */
export function checkedParts(
  context: SandboxContext,
  merchant: Merchant,
  given: {
    parts: readonly GivenPart[];
    /** Whose list. */
    owner: string;
    seller: string;
    names: { appid: string | undefined; sub_appid: string | undefined };
  },
): NewSplit['parts'] {
  if (given.parts.length === 0) {
    throw invalidRequest('分账接收方列表不能为空', INTERNAL_CODE.bad_parameter);
  }
  const seen = new Set(given.parts.map(({ type, account }) => `${type} ${account}`));
  if (seen.size < given.parts.length) {
    throw invalidRequest('分账接收方列表中有重复的接收方', INTERNAL_CODE.bad_parameter);
  }
  return given.parts.map(({ name, ...part }) => {
    const { type, account } = part;
    if (account === given.seller) return { ...part, person: null };
    if (!context.sharing.receiver({ owner: given.owner, type, account })) {
      throw invalidRequest('分账接收方关系不存在，请先添加分账接收方', INTERNAL_CODE.bad_parameter);
    }
    if (type === 'MERCHANT_ID') return { ...part, person: null };
    const person = checkPerson(context, merchant, { type, account, name, ...given.names });
    return { ...part, person };
  });
}

function ownSeller(context: SandboxContext, merchant: Merchant, body: WireObject): string | null {
  checkFamily(merchant, 'ordinary');
  return sellerOf(context, merchant, { sub_mchid: textField(body, 'sub_mchid'), location: 'body' });
}

/** POST /v3/profitsharing/orders/unfreeze */
export function release(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): SplitMessage {
  const sub_mchid = ownSeller(context, merchant, body);
  checkFields(RELEASE, body);
  return splitMessage(acceptRelease(context, merchant, { sub_mchid, body }));
}

/** GET /v3/profitsharing/orders/{out_order_no} */
export function querySplit(
  context: SandboxContext,
  merchant: Merchant,
  { parameters, query }: RouteCall,
): SplitMessage {
  checkFamily(merchant, 'ordinary');
  const sub_mchid = queriedSeller(context, merchant, query);
  const split = context.sharing.split(merchant.mchid, parameters.out_order_no ?? '');
  const same = split?.transaction_id === query.get('transaction_id');
  if (!split || !same || split.sub_mchid !== sub_mchid) throw notFound('分账单不存在');
  settleWhenDue(context, split);
  return splitMessage(split);
}

/** POST /v3/profitsharing/return-orders */
export function createReturn(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): SplitReturnMessage {
  const sub_mchid = ownSeller(context, merchant, body);
  checkFields(RETURN, body);
  return returnMessage(acceptReturn(context, merchant, { sub_mchid, body }), 'ordinary');
}

/** GET /v3/profitsharing/return-orders/{out_return_no} */
export function queryReturn(
  context: SandboxContext,
  merchant: Merchant,
  { parameters, query }: RouteCall,
): SplitReturnMessage {
  checkFamily(merchant, 'ordinary');
  const sub_mchid = queriedSeller(context, merchant, query);
  const record = queriedReturn(context, merchant, {
    out_return_no: parameters.out_return_no ?? '',
    out_order_no: query.get('out_order_no'),
    order_id: null,
  });
  if (record.sub_mchid !== sub_mchid) throw notFound('分账回退单不存在');
  return returnMessage(record, 'ordinary');
}

/** GET /v3/profitsharing/transactions/{transaction_id}/amounts */
export function unsplitAmount(
  context: SandboxContext,
  merchant: Merchant,
  transaction_id: string,
): object {
  checkFamily(merchant, 'ordinary');
  return heldAmount(context, merchant, transaction_id);
}

/** What is still held of a payment, for both families. */
export function heldAmount(
  context: SandboxContext,
  merchant: Merchant,
  transaction_id: string,
): object {
  const order = context.books.orderOfTransaction(transaction_id);
  if (order?.mchid !== merchant.mchid || order.paid_at === null) {
    throw notFound('订单不存在，请检查transaction_id与商户号');
  }
  releaseWhenOverdue(context, order);
  const held = context.funds.holdOf(transaction_id)?.amount ?? 0n;
  return { transaction_id, unsplit_amount: fenNumber(held) };
}

/** GET /v3/profitsharing/merchant-configs/{sub_mchid} */
export function merchantConfig(
  context: SandboxContext,
  merchant: Merchant,
  sub_mchid: string,
): object {
  checkFamily(merchant, 'ordinary');
  sellerOf(context, merchant, { sub_mchid, location: 'url' });
  return { sub_mchid, max_ratio: context.sub_merchants.get(sub_mchid)?.max_split_ratio ?? 0 };
}
