import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  type CombinedMessage,
  fenField,
  isWireObject,
  objectField,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import {
  invalidRequest,
  orderNotFound,
  otherParameters,
  parameterError,
  WechatPayRefusal,
} from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import { boundAppid } from '../merchants/apps.ts';
import type { Merchant } from '../merchants/keys.ts';
import { endOfLife, expire, freshIds, handedOut } from '../orders/lives.ts';
import { blankOrder, checkRoom, fingerprintOf, orderTexts, reenter } from '../orders/orders.ts';
import { checkMchid, type Party, payerOpenid, sellerOf } from '../orders/party.ts';
import type { CombinedRecord, PreparedKind } from '../orders/records.ts';
import { COMBINED_CLOSE_FIELDS, combinedFields, MAX_PARTS } from './fields.ts';
import { combinedMessage } from './message.ts';

/**
 * Orders of several sellers paid together: all or none, under one number and one notification, each
 * part with a payment number of its own. The basic query does not know the parts.
 * https://pay.weixin.qq.com/doc/v3/partner/4012757938
 */
const MAX_DIRECT_PARTS = 10;
const MIN_DIRECT_PARTS = 2;

/** POST /v3/combine-transactions/{native,h5,jsapi,app} */
export function createCombined(
  context: SandboxContext,
  merchant: Merchant,
  request: { kind: PreparedKind; body: WireObject },
): object {
  const { kind, body } = request;
  checkFields(combinedFields(kind), body);
  checkMchid(merchant, textField(body, 'combine_mchid'), {
    field: '/combine_mchid',
    location: 'body',
  });
  const appid = boundAppid(context, merchant, textField(body, 'combine_appid'));
  const parts = partsIn(body).map((part) => ({
    part,
    party: receiver(context, merchant, { part, appid }),
  }));
  checkCount(merchant, parts.length);
  const now = context.clock.now();
  const fingerprint = fingerprintOf(kind, body);
  const combine_out_trade_no = textField(body, 'combine_out_trade_no') ?? '';
  const existing = context.books.combined.get(merchant.mchid, combine_out_trade_no);
  if (existing) {
    reenter(context, { payable: existing, fingerprint, now });
    return handedOut(context, existing);
  }
  checkRoom(context);
  checkNumbers(context, merchant, parts);
  const record: CombinedRecord = {
    ...blankOrder(),
    ...freshIds(context, now),
    kind,
    combine_out_trade_no,
    mchid: merchant.mchid,
    appid,
    notify_url: textField(body, 'notify_url') ?? '',
    device_id: textField(objectField(body, 'scene_info'), 'device_id') ?? null,
    fingerprint,
    created_at: now.getTime(),
    prepared_at: now.getTime(),
    expires_at: endOfLife(merchant, body, now),
    payer_openid: kind === 'jsapi' ? payerOf(context, parts, body) : null,
    parts: parts.map(({ part }) => ({
      mchid: merchant.mchid,
      out_trade_no: textField(part, 'out_trade_no') ?? '',
    })),
  };
  for (const part of parts) addPart(context, record, part);
  context.books.combined.put(record);
  return handedOut(context, record);
}

interface Part {
  readonly part: WireObject;
  readonly party: Party;
}

function partsIn(body: WireObject): WireObject[] {
  return Array.isArray(body.sub_orders) ? body.sub_orders.filter(isWireObject) : [];
}

/** Who gets the money of a part: the merchant itself, or a seller under it. */
function receiver(
  context: SandboxContext,
  merchant: Merchant,
  { part, appid }: { part: WireObject; appid: string },
): Party {
  checkMchid(merchant, textField(part, 'mchid'), { field: '/sub_orders/mchid', location: 'body' });
  const sub_mchid = textField(part, 'sub_mchid');
  const sub_appid = textField(part, 'sub_appid');
  if (merchant.role !== 'direct')
    return sellerOf(context, merchant, { appid, sub_mchid, sub_appid });
  if (sub_mchid !== undefined || sub_appid !== undefined) {
    throw invalidRequest('普通商户的合单不能传入sub_mchid', INTERNAL_CODE.no_partner_relation);
  }
  return { merchant, appid, sub_mchid: null, sub_appid: null };
}

function checkCount(merchant: Merchant, count: number): void {
  const direct = merchant.role === 'direct';
  const [min, max] = direct ? [MIN_DIRECT_PARTS, MAX_DIRECT_PARTS] : [1, MAX_PARTS];
  if (count >= min && count <= max) return;
  throw parameterError({
    field: '/sub_orders',
    value: count,
    issue: count < min ? 'too few items' : 'too many items',
    location: 'body',
    message: `合单的子单数量必须在${min}到${max}之间`,
    internal: INTERNAL_CODE.out_of_range,
  });
}

/** Numbers of parts are numbers of orders: each is used once. */
function checkNumbers(context: SandboxContext, merchant: Merchant, parts: readonly Part[]): void {
  const seen = new Set<string>();
  for (const { part } of parts) {
    const out_trade_no = textField(part, 'out_trade_no') ?? '';
    if (seen.has(out_trade_no) || context.books.order(merchant.mchid, out_trade_no)) {
      throw otherParameters('子单商户订单号重复');
    }
    seen.add(out_trade_no);
  }
}

function payerOf(context: SandboxContext, parts: readonly Part[], body: WireObject): string {
  const info = objectField(body, 'combine_payer_info');
  const party = parts.find(({ party: { sub_appid } }) => sub_appid !== null) ?? parts[0];
  if (!party) throw orderNotFound();
  return payerOpenid(context, party.party, {
    openid: textField(info, 'openid'),
    sub_openid: textField(info, 'sub_openid'),
    field: '/combine_payer_info',
  });
}

function addPart(context: SandboxContext, whole: CombinedRecord, { part, party }: Part): void {
  context.books.addOrder({
    ...blankOrder(),
    ...orderTexts(part),
    total: fenField(objectField(part, 'amount'), 'total_amount') ?? 0n,
    device_id: whole.device_id,
    kind: whole.kind,
    mchid: whole.mchid,
    appid: whole.appid,
    sub_mchid: party.sub_mchid,
    sub_appid: party.sub_appid,
    combine_out_trade_no: whole.combine_out_trade_no,
    notify_url: '',
    fingerprint: whole.fingerprint,
    created_at: whole.created_at,
    expires_at: whole.expires_at,
    payer_openid: whole.payer_openid,
    prepared_at: whole.prepared_at,
  });
}

/** GET /v3/combine-transactions/out-trade-no/{…} and …/id/{…} */
export function queryCombined(
  context: SandboxContext,
  merchant: Merchant,
  by: { combine_out_trade_no: string } | { combine_transaction_id: string },
): CombinedMessage {
  const { combined } = context.books;
  const record =
    'combine_out_trade_no' in by
      ? combined.get(merchant.mchid, by.combine_out_trade_no)
      : combined.ofTransaction(by.combine_transaction_id);
  if (!record || record.mchid !== merchant.mchid) throw orderNotFound();
  expire(context, record);
  return combinedMessage(context, record);
}

/** POST /v3/combine-transactions/out-trade-no/{combine_out_trade_no}/close */
export function closeCombined(
  context: SandboxContext,
  merchant: Merchant,
  request: { combine_out_trade_no: string; body: WireObject },
): void {
  const { body, combine_out_trade_no } = request;
  checkFields(COMBINED_CLOSE_FIELDS, body);
  boundAppid(context, merchant, textField(body, 'combine_appid'));
  const record = context.books.combined.get(merchant.mchid, combine_out_trade_no);
  if (!record) throw orderNotFound();
  const parts = context.books.partsOf(record);
  const names = (list: { mchid?: unknown; sub_mchid?: unknown; out_trade_no?: unknown }[]) =>
    list.map((one) => `${one.mchid} ${one.sub_mchid ?? ''} ${one.out_trade_no}`).sort();
  if (names(partsIn(body)).join() !== names(parts).join()) {
    throw invalidRequest('关单的子单与下单时的子单不一致', INTERNAL_CODE.bad_parameter);
  }
  expire(context, record);
  if (record.paid_at !== null) {
    throw new WechatPayRefusal(400, 'ORDERPAID', INTERNAL_CODE.already_paid, '该订单已支付');
  }
  if (record.state === 'CLOSED') return;
  record.state = 'CLOSED';
  context.books.combined.put(record);
  for (const part of parts) {
    part.state = 'CLOSED';
    context.books.putOrder(part);
  }
}
