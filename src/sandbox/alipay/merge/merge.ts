import { createHash } from 'node:crypto';
import { parseTimeout } from '../../../protocols/alipay/trade.ts';
import {
  type Biz,
  GatewayRefusal,
  optionalText,
  requiredNumber,
  requiredText,
} from '../api/biz.ts';
import { type Alipay, orderOf, saveTrade, type Trade, tradeKey } from '../books.ts';
import { newSerial, newToken } from '../numbers.ts';
import { invalidField, listOf } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';
import { expiry, type Placing, place, readOrder, urlParameter } from '../trade/place.ts';
import type { Merge } from './book.ts';

/**
 * Several orders in one payment, all or none; afterwards each is a trade of its own.
 * https://opendocs.alipay.com/open/028xr9
 */
const MAX_PARTS = 10;
const MERGE_LIFE = '15m';

interface PartVerdict {
  readonly app_id: string;
  readonly out_trade_no: string;
  readonly success: boolean;
  readonly result_code: string;
}

function partVerdict(call: Call, part: Biz, placing: Placing): PartVerdict {
  const { alipay, app } = call;
  const out_trade_no = typeof part['out_trade_no'] === 'string' ? part['out_trade_no'] : '';
  const verdict = { app_id: app.app_id, out_trade_no };
  try {
    const named = optionalText(part, 'app_id', { max: 32 }) ?? app.app_id;
    if (named !== app.app_id) throw invalidField('app_id 须为调用方应用 (of the calling app)');
    if (optionalText(part, 'product_code', { max: 64 }) === undefined) {
      throw invalidField('product_code 不能为空 (is missing)');
    }
    const wanted = readOrder(call, part, placing);
    const existing = orderOf(alipay, app, wanted.out_trade_no);
    if (existing?.paid_at) throw new GatewayRefusal('ACQ.TRADE_HAS_SUCCESS');
    if (existing) throw new GatewayRefusal('ACQ.CONTEXT_INCONSISTENT');
    return { ...verdict, success: true, result_code: 'SUCCESS' };
  } catch (error) {
    if (!(error instanceof GatewayRefusal)) throw error;
    return { ...verdict, success: false, result_code: error.sub_code };
  }
}

function lifeOf(call: Call): number {
  const now = call.alipay.options.clock.now();
  const own = ['time_expire', 'timeout_express'].some((name) => (call.biz[name] ?? '') !== '');
  if (own) return expiry(call.biz, 'merge', now);
  return now.getTime() + (parseTimeout(MERGE_LIFE, now) ?? 0);
}

function answerOf(alipay: Alipay, merge: Merge): Record<string, unknown> {
  return {
    out_merge_no: merge.out_merge_no,
    pre_order_no: merge.pre_order_no,
    order_detail_results: partsOf(alipay, merge).map(({ app_id, out_trade_no }) => ({
      app_id,
      out_trade_no,
      success: true,
      result_code: 'SUCCESS',
    })),
  };
}

function findMerge(alipay: Alipay, app_id: string, out_merge_no: string): Merge | undefined {
  return alipay.merges.get(`${app_id}/${out_merge_no}`);
}

export function mergePrecreate(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  const out_merge_no = requiredNumber(biz, 'out_merge_no');
  const details = listOf(biz, 'order_details');
  if (details.length < 1 || details.length > MAX_PARTS) {
    throw invalidField(`order_details 须为1到${MAX_PARTS}笔`);
  }
  const numbers = new Set(details.map((part) => part['out_trade_no']));
  if (numbers.size !== details.length) throw invalidField('order_details.out_trade_no 重复');
  const digest = createHash('sha256').update(JSON.stringify(details)).digest('hex');
  const before = findMerge(alipay, app.app_id, out_merge_no);
  if (before) {
    if (before.digest !== digest) throw new GatewayRefusal('ACQ.CONTEXT_INCONSISTENT');
    checkPayable(alipay, before);
    return answerOf(alipay, before);
  }
  const now = alipay.options.clock.now();
  const pre_order_no = `PO${newSerial('pre_order', alipay.options.random, now)}`;
  const expires_at = lifeOf(call);
  const placing = { product: 'merge', buyer: null, merge: { pre_order_no, expires_at } } as const;
  const verdicts = details.map((part) => partVerdict(call, part, placing));
  if (verdicts.some(({ success }) => !success)) {
    return { out_merge_no, order_detail_results: verdicts };
  }
  const parts = details.map((part) => place(call, part, placing));
  const merge: Merge = {
    pre_order_no,
    app_id: app.app_id,
    out_merge_no,
    digest,
    parts: parts.map((trade) => tradeKey(trade.seller_id, trade.out_trade_no)),
    token: newToken(alipay.options.random),
    expires_at,
    return_url: urlParameter(call.parameters, 'return_url'),
    quit_url: null,
  };
  alipay.merges.put(`${app.app_id}/${out_merge_no}`, merge);
  return answerOf(alipay, merge);
}

/** The trades of a merged order, in the order of the request. */
export function partsOf(alipay: Alipay, merge: Merge): readonly Trade[] {
  return merge.parts
    .map((key) => alipay.trades.get(key))
    .filter((trade): trade is Trade => trade !== undefined);
}

/** The merged order behind a cashier's address. */
export function mergeAt(alipay: Alipay, token: string): Merge | undefined {
  for (const merge of alipay.merges.values()) if (merge.token === token) return merge;
  return undefined;
}

function checkPayable(alipay: Alipay, merge: Merge): void {
  const parts = partsOf(alipay, merge);
  if (parts.some(({ paid_at }) => paid_at !== null)) {
    throw new GatewayRefusal('ACQ.TRADE_HAS_SUCCESS');
  }
  const over = alipay.options.clock.now().getTime() >= merge.expires_at;
  if (over || parts.some(({ status }) => status === 'TRADE_CLOSED')) {
    throw new GatewayRefusal('ACQ.TRADE_HAS_CLOSE');
  }
}

/** The client's part: a phone browser or an app opens the merged order. */
export function mergePay(call: Call): Merge {
  const { alipay, app, biz, parameters } = call;
  const pre_order_no = requiredText(biz, 'pre_order_no', { max: 64 });
  for (const merge of alipay.merges.values()) {
    if (merge.pre_order_no !== pre_order_no || merge.app_id !== app.app_id) continue;
    checkPayable(alipay, merge);
    const return_url = urlParameter(parameters, 'return_url');
    if (return_url !== null) merge.return_url = return_url;
    merge.quit_url = optionalText(biz, 'quit_url', { max: 400, pattern: /^https?:\/\// }) ?? null;
    alipay.merges.put(`${app.app_id}/${merge.out_merge_no}`, merge);
    const notify_url = urlParameter(parameters, 'notify_url');
    for (const trade of notify_url === null ? [] : partsOf(alipay, merge)) {
      trade.notify_url = notify_url;
      saveTrade(alipay, trade);
    }
    return merge;
  }
  throw invalidField('pre_order_no 不存在 (no such merged order)');
}

/** What is closed alone closes the others too: they could never be paid together again. */
export function siblingsOf(alipay: Alipay, trade: Trade): readonly Trade[] {
  if (trade.merge === null) return [];
  for (const merge of alipay.merges.values()) {
    if (merge.pre_order_no === trade.merge) {
      return partsOf(alipay, merge).filter((part) => part !== trade);
    }
  }
  return [];
}
