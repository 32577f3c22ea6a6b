import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type {
  PlatformSplitMessage,
  SplitReturnMessage,
} from '../../../protocols/wechat-pay/sharing.ts';
import { checkFields } from '../api/fields.ts';
import { parameterError } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { digest } from '../orders/fingerprint.ts';
import { platformSplitMessage, returnMessage } from '../sharing/messages.ts';
import { checkedParts, givenParts, heldAmount, inClear } from '../sharing/ordinary.ts';
import { checkAppid, checkReceiver, keepReceiver, wantedReceiver } from '../sharing/receivers.ts';
import { acceptReturn, queriedReturn } from '../sharing/returns.ts';
import {
  checkFamily,
  notFound,
  paidOrder,
  platformSeller,
  queriedSeller,
} from '../sharing/rules.ts';
import { decryptOptional, type SensitiveCall } from '../sharing/sensitive.ts';
import { settleWhenDue } from '../sharing/settle.ts';
import { acceptRelease, acceptSplit, knownSplit } from '../sharing/split.ts';
import {
  PLATFORM_ADD_RECEIVER,
  PLATFORM_DELETE_RECEIVER,
  PLATFORM_FINISH,
  PLATFORM_RETURN,
  PLATFORM_SPLIT,
} from './fields.ts';
import { checkSubsidyDone } from './subsidies.ts';

/**
 * The platform's family of splits: the same money and rules under other names.
 * https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/profitsharing/chapter3_1.shtml
 */
export function createPlatformSplit(
  context: SandboxContext,
  merchant: Merchant,
  { body, open }: SensitiveCall,
): PlatformSplitMessage {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_SPLIT, body);
  const seller = platformSeller(context, merchant, body);
  const appid = textField(body, 'appid');
  checkAppid(context, merchant, appid);
  const fields = { account: 'receiver_account', name: 'receiver_name' };
  const parts = givenParts(open, body.receivers, fields);
  const out_order_no = textField(body, 'out_order_no') ?? '';
  const fingerprint = digest({ ...body, receivers: parts.map(inClear), of: 'split' });
  const known = knownSplit(context, { mchid: merchant.mchid, out_order_no, fingerprint });
  if (known) return platformSplitMessage(known);
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const order = paidOrder(context, merchant, { transaction_id, sub_mchid: seller });
  checkSubsidyDone(context, order);
  const names = { appid, sub_appid: undefined };
  const split = acceptSplit(context, order, {
    out_order_no,
    fingerprint,
    kind: 'split',
    description: '',
    parts: checkedParts(context, merchant, { parts, owner: merchant.mchid, seller, names }),
    release_rest: body.finish === true,
  });
  return platformSplitMessage(split);
}

/** POST /v3/ecommerce/profitsharing/finish-order: all that is left is the seller's. */
export function finishOrder(context: SandboxContext, merchant: Merchant, body: WireObject): object {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_FINISH, body);
  const { sub_mchid, transaction_id, out_order_no, order_id } = acceptRelease(context, merchant, {
    sub_mchid: platformSeller(context, merchant, body),
    body,
    ready: (order) => checkSubsidyDone(context, order),
  });
  return { sub_mchid, transaction_id, out_order_no, order_id };
}

/** GET /v3/ecommerce/profitsharing/orders */
export function queryPlatformSplit(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
): PlatformSplitMessage {
  checkFamily(merchant, 'platform');
  const sub_mchid = queriedSeller(context, merchant, query);
  const split = context.sharing.split(merchant.mchid, needed(query, 'out_order_no'));
  const same = split?.transaction_id === needed(query, 'transaction_id');
  if (!split || !same || split.sub_mchid !== sub_mchid) throw notFound('分账单不存在');
  settleWhenDue(context, split);
  return platformSplitMessage(split);
}

function needed(query: URLSearchParams, field: string): string {
  const value = query.get(field);
  if (value) return value;
  const message = `查询参数${field}必填`;
  throw parameterError({ field, issue: 'missing', location: 'query', message });
}

/** POST /v3/ecommerce/profitsharing/returnorders */
export function createPlatformReturn(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): SplitReturnMessage {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_RETURN, body);
  const sub_mchid = platformSeller(context, merchant, body);
  return returnMessage(acceptReturn(context, merchant, { sub_mchid, body }), 'platform');
}

/** GET /v3/ecommerce/profitsharing/returnorders */
export function queryPlatformReturn(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
): SplitReturnMessage {
  checkFamily(merchant, 'platform');
  const sub_mchid = queriedSeller(context, merchant, query);
  const record = queriedReturn(context, merchant, {
    out_return_no: needed(query, 'out_return_no'),
    out_order_no: query.get('out_order_no'),
    order_id: query.get('order_id'),
  });
  if (record.sub_mchid !== sub_mchid) throw notFound('分账回退单不存在');
  return returnMessage(record, 'platform');
}

/** GET /v3/ecommerce/profitsharing/orders/{transaction_id}/amounts */
export function platformUnsplitAmount(
  context: SandboxContext,
  merchant: Merchant,
  transaction_id: string,
): object {
  checkFamily(merchant, 'platform');
  return heldAmount(context, merchant, transaction_id);
}

/** POST /v3/ecommerce/profitsharing/receivers/add: a merchant's name in clear, a person's not. */
export function addPlatformReceiver(
  context: SandboxContext,
  merchant: Merchant,
  { body, open }: SensitiveCall,
): object {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_ADD_RECEIVER, body);
  const wanted = wantedReceiver(body);
  checkAppid(context, merchant, wanted.appid);
  const place = { name: 'encrypted_name', pointer: '/encrypted_name' };
  const name = decryptOptional(open, body, place) ?? textField(body, 'name');
  checkReceiver(context, merchant, { ...wanted, name });
  keepReceiver(context, {
    owner: merchant.mchid,
    ...wanted,
    relation_type: textField(body, 'relation_type') ?? '',
    custom_relation: null,
  });
  return { type: wanted.type, account: wanted.account };
}

/** POST /v3/ecommerce/profitsharing/receivers/delete */
export function deletePlatformReceiver(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_DELETE_RECEIVER, body);
  const { type, account, appid } = wantedReceiver(body);
  checkAppid(context, merchant, appid);
  context.sharing.removeReceiver({ owner: merchant.mchid, type, account });
  return { type, account };
}
