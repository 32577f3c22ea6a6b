import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import { orderNotFound } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { expire } from '../orders/lives.ts';
import { checkMode, type Party, sellerOf } from '../orders/party.ts';
import type { OrderRecord } from '../orders/records.ts';
import { V2Refusal } from './call.ts';

/** For whom a call is made, and which order it means. */
export function partyIn(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): Party {
  const { sub_mch_id, sub_appid, appid = merchant.appid } = parameters;
  if (merchant.role === 'direct') {
    if (sub_mch_id !== undefined) checkMode(merchant, 'partner');
    return { merchant, appid, sub_mchid: null, sub_appid: null };
  }
  return sellerOf(context, merchant, { appid, sub_mchid: sub_mch_id, sub_appid });
}

/** The seller alone; null for a direct merchant. */
export function sellerIn(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): string | null {
  return partyIn(context, merchant, parameters).sub_mchid;
}

/** The order named by the wallet's number, or else by the merchant's. */
export function orderIn(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): OrderRecord {
  const { transaction_id, out_trade_no } = parameters;
  if (transaction_id === undefined && out_trade_no === undefined) throw wrong('out_trade_no');
  const { sub_mchid } = partyIn(context, merchant, parameters);
  const order =
    transaction_id === undefined
      ? context.books.order(merchant.mchid, out_trade_no ?? '')
      : context.books.orderOfTransaction(transaction_id);
  const own = order?.mchid === merchant.mchid && order.sub_mchid === sub_mchid;
  if (!order || !own || order.combine_out_trade_no) throw orderNotFound();
  expire(context, order);
  return order;
}

export function wrong(name: string): V2Refusal {
  return new V2Refusal('PARAM_ERROR', `参数错误：${name}`);
}
