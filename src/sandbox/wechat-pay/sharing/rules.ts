import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { invalidRequest, parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { OrderRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';

/**
 * What decides whether a caller may split, release or return: who it is, whose seller it names,
 * what the payment allows. A platform has calls of its own; the two families do not mix.
 */
export interface SharingLimits {
  /** Shortest time after payment, milliseconds of business time. */
  readonly min_wait_ms: number;
  /** Then the money becomes the seller's by itself. */
  readonly hold_ms: number;
}

const DAY_MS = 86_400_000;
const ORDINARY: SharingLimits = { min_wait_ms: 60_000, hold_ms: 30 * DAY_MS };
const PLATFORM: SharingLimits = { min_wait_ms: 30_000, hold_ms: 180 * DAY_MS };
export const MAX_REQUESTS = 50;
export const MAX_PARTS = 50;
export const MAX_RECEIVERS = 20_000;
export const RETURN_WINDOW_MS = 180 * DAY_MS;
export const MAX_RETURNS = 20;
/** What one person may be given in one month, fen. */
export const PERSON_MONTHLY = 20_000_000n;
export const RATIO_BASE = 10_000n;
/** Real time between accepting a split or return and its result. */
export const SETTLE_MS = 200;

const NO_RELATION = '268443701';
const SUB_MCHID_MISSING = '268443704';
const SUB_MCHID_OWN = '268443705';

export function limitsOf(context: SandboxContext, mchid: string): SharingLimits {
  return context.merchants.get(mchid)?.role === 'platform' ? PLATFORM : ORDINARY;
}

/** Throws unless this merchant is of a kind that has the called family. */
export function checkFamily(merchant: Merchant, family: 'ordinary' | 'platform'): void {
  if ((merchant.role === 'platform') === (family === 'platform')) return;
  const message =
    family === 'platform'
      ? '商户号没有电商收付通权限，请使用普通分账接口'
      : '电商平台商户号请使用电商收付通分账接口（/v3/ecommerce/profitsharing）';
  throw noAuth(message);
}

export function noAuth(message: string, internal = NO_RELATION): WechatPayRefusal {
  return new WechatPayRefusal(403, 'NO_AUTH', internal, message);
}

/** The seller a call names: none for a direct merchant, one of its own for the others. */
export function sellerOf(
  context: SandboxContext,
  merchant: Merchant,
  given: { sub_mchid: string | undefined; location: 'body' | 'query' | 'url' },
): string | null {
  const { sub_mchid, location } = given;
  const place = { field: location === 'body' ? '/sub_mchid' : 'sub_mchid', location };
  if (merchant.role === 'direct') {
    if (sub_mchid === undefined) return null;
    const message = '直连商户不能传入sub_mchid';
    throw parameterError({ ...place, issue: 'direct merchants have no sub_mchid', message });
  }
  if (sub_mchid === undefined) {
    const message = '服务商模式下sub_mchid必填';
    throw parameterError({ ...place, issue: 'missing', message, internal: SUB_MCHID_MISSING });
  }
  if (sub_mchid === merchant.mchid) {
    const message = 'sub_mchid不能与服务商商户号相同';
    throw parameterError({ ...place, issue: 'own mchid', message, internal: SUB_MCHID_OWN });
  }
  if (context.sub_merchants.get(sub_mchid)?.sp_mchid !== merchant.mchid) {
    throw noAuth('商户号与子商户号没有受理关系');
  }
  return sub_mchid;
}

/** The seller a platform's call names in its body; always one. */
export function platformSeller(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): string {
  checkFamily(merchant, 'platform');
  const sub_mchid = textField(body, 'sub_mchid');
  return sellerOf(context, merchant, { sub_mchid, location: 'body' }) ?? '';
}

/** The same for a query string. */
export function queriedSeller(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
): string | null {
  const sub_mchid = query.get('sub_mchid') ?? undefined;
  return sellerOf(context, merchant, { sub_mchid, location: 'query' });
}

/** The paid order behind a payment number, of this caller and this seller. */
export function paidOrder(
  context: SandboxContext,
  merchant: Merchant,
  named: { transaction_id: string; sub_mchid: string | null },
): OrderRecord {
  const order = context.books.orderOfTransaction(named.transaction_id);
  const own = order?.mchid === merchant.mchid && order.sub_mchid === named.sub_mchid;
  if (!order || !own || order.paid_at === null || order.state === 'REVOKED') {
    throw notFound('订单不存在，请检查transaction_id与商户号');
  }
  return order;
}

export function notFound(message: string): WechatPayRefusal {
  return new WechatPayRefusal(404, 'RESOURCE_NOT_EXISTS', INTERNAL_CODE.order_not_found, message);
}

/** The 403 of a rule on numbers and shares. */
export function overLimit(message: string): WechatPayRefusal {
  return new WechatPayRefusal(403, 'RULE_LIMIT', INTERNAL_CODE.out_of_range, message);
}

export function notEnough(message: string): WechatPayRefusal {
  return new WechatPayRefusal(403, 'NOT_ENOUGH', INTERNAL_CODE.out_of_range, message);
}

/** Throws unless money of this payment is held and old enough to be divided or released. */
export function checkSplittable(
  context: SandboxContext,
  order: OrderRecord,
  kind: 'split' | 'release',
): void {
  if (!order.profit_sharing) {
    throw invalidRequest('非分账订单不支持分账', INTERNAL_CODE.bad_parameter);
  }
  const { min_wait_ms } = limitsOf(context, order.mchid);
  const paid_at = order.paid_at ?? 0;
  if (context.clock.now().getTime() < paid_at + min_wait_ms) {
    throw invalidRequest('订单处理中，暂时无法分账，请稍后再试', INTERNAL_CODE.bad_parameter);
  }
  const payment = context.sharing.payment(order.transaction_id ?? '');
  if (payment.released_at !== null) {
    throw invalidRequest('订单分账已完结，剩余资金已解冻', INTERNAL_CODE.order_expired);
  }
  const left = context.funds.holdOf(order.transaction_id ?? '')?.amount ?? 0n;
  if (order.refunded === order.total && (kind === 'split' || left === 0n)) {
    throw invalidRequest('订单已全额退款，不支持分账', INTERNAL_CODE.order_expired);
  }
}

/** Throws when the shares promised so far and now go beyond what the seller agreed to. */
export function checkShare(context: SandboxContext, order: OrderRecord, more: bigint): void {
  const seller = context.sub_merchants.get(order.sub_mchid ?? '');
  const ratio = BigInt(seller?.max_split_ratio ?? DEFAULT_RATIO);
  const { split } = context.sharing.payment(order.transaction_id ?? '');
  if ((split + more) * RATIO_BASE > order.total * ratio) {
    throw overLimit(`分账金额超出最大分账比例（${ratio}/10000）`);
  }
}

/** Direct merchants have agreed with nobody: the wallet's default. */
const DEFAULT_RATIO = 3_000;
