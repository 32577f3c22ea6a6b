import { createHash } from 'node:crypto';
import { z } from 'zod';
import { shanghaiTime } from '../../clock.ts';
import type { TransactionMessage } from '../../protocols/douyin-pay/messages.ts';
import { fenNumber, WIRE_TIME } from '../../protocols/wechat-pay/messages.ts';
import { randomDigits, randomLetters } from '../random.ts';
import type { Order } from './books.ts';
import { type DouyinPay, DouyinRefusal } from './wallet.ts';

/**
 * Orders of a direct merchant. The same number with the same parameters gives a fresh code; with
 * other parameters it is refused; paid and closed numbers stay taken. A later end than fifteen days
 * is moved to the fifteenth.
 */
export const CODE_LIFE_MS = 2 * 60_000;
export const H5_LIFE_MS = 5 * 60_000;
const PREPAY_LIFE_MS = 2 * 3_600_000;
const MAX_LIFE_MS = 15 * 86_400_000;
const MIN_LIFE_MS = 60_000;
const MAX_FEN = 100_000_000_00;
const MAX_ORDERS = 1_000_000;

const text = (max: number) => z.string().min(1).max(max);
export const noticeUrl = text(256).regex(/^https?:\/\/[^\s?#@]+$/, '不允许携带查询串');
export const orderNumber = z
  .string()
  .min(6)
  .max(32)
  .regex(/^[0-9A-Za-z_\-*]+$/);

const h5Info = z.strictObject({
  type: z.enum(['iOS', 'Android', 'Wap', 'HarmonyOS']),
  app_name: text(64).optional(),
  app_url: text(128).optional(),
  bundle_id: text(128).optional(),
  package_name: text(128).optional(),
});
const scene = {
  payer_client_ip: text(45).regex(/^[0-9A-Fa-f.:]+$/),
  device_id: text(32).optional(),
  payer_device_id: text(32).optional(),
};

const base = {
  appid: text(32),
  mchid: text(32),
  description: text(127),
  out_trade_no: orderNumber,
  time_expire: text(64).regex(WIRE_TIME).optional(),
  attach: text(1024).optional(),
  notify_url: noticeUrl,
  goods_tag: text(512).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({
    total: z.int().min(1).max(MAX_FEN),
    currency: z.literal('CNY').optional(),
  }),
  settle_info: z.strictObject({ profit_sharing: z.boolean().optional() }).optional(),
};

const BODIES = {
  native: z.strictObject({ ...base, scene_info: z.strictObject(scene).optional() }),
  app: z.strictObject({ ...base, scene_info: z.strictObject(scene).optional() }),
  h5: z.strictObject({
    ...base,
    scene_info: z.strictObject({ ...scene, h5_info: h5Info.optional() }),
  }),
};

export function createOrder(douyin: DouyinPay, kind: Order['kind'], body: unknown): object {
  const input = BODIES[kind].parse(body);
  if (input.mchid !== douyin.keys.mchid) throw foreignMerchant();
  if (input.appid !== douyin.keys.appid) {
    throw new DouyinRefusal(400, 'APPID_MCHID_NOT_MATCH', 'appid和mchid不匹配');
  }
  const { books, options } = douyin;
  const now = options.clock.now().getTime();
  const { time_expire: _end, ...rest } = input;
  const fingerprint = digest({ kind, ...rest });
  const token = randomLetters(options.random, 24);
  const existing = books.orders.get(input.out_trade_no);
  if (existing) {
    reenter(douyin, existing, fingerprint);
    books.renew(existing, token, now);
    return prepared(douyin, existing);
  }
  if (books.orders.size >= MAX_ORDERS) {
    throw new DouyinRefusal(429, 'FREQUENCY_LIMITED', '沙箱订单数已达上限，请清空沙箱数据');
  }
  const wanted =
    input.time_expire === undefined ? MAX_LIFE_MS : Date.parse(input.time_expire) - now;
  const order: Order = {
    out_trade_no: input.out_trade_no,
    kind,
    description: input.description,
    attach: input.attach ?? null,
    notify_url: input.notify_url,
    total: BigInt(input.amount.total),
    fingerprint,
    created_at: now,
    expires_at: now + Math.min(MAX_LIFE_MS, Math.max(MIN_LIFE_MS, wanted)),
    profit_sharing: input.settle_info?.profit_sharing === true,
    token,
    prepared_at: now,
    state: 'NOTPAY',
    person: null,
    transaction_id: null,
    paid_at: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    refund_count: 0,
  };
  books.put(order);
  return prepared(douyin, order);
}

export function foreignMerchant(): DouyinRefusal {
  return new DouyinRefusal(400, 'PARAM_ERROR', '请求参数中的商户号与签名的商户号不一致', {
    field: '/mchid',
    issue: 'mchid differs from the one that signed',
  });
}

export function digest(value: object): string {
  const sorted = (entry: unknown): unknown => {
    if (Array.isArray(entry)) return entry.map(sorted);
    if (typeof entry !== 'object' || entry === null) return entry;
    const pairs = Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1));
    return pairs.map(([key, inner]) => [key, sorted(inner)]);
  };
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function reenter(douyin: DouyinPay, order: Order, fingerprint: string): void {
  expire(douyin, order);
  if (order.paid_at !== null) throw new DouyinRefusal(400, 'ORDER_PAID', '该订单已支付');
  if (order.state === 'CLOSED') throw new DouyinRefusal(400, 'ORDER_CLOSED', '订单已关闭');
  if (order.fingerprint !== fingerprint) {
    const message = '商户订单号重复：请求参数与首次下单的参数不一致';
    throw new DouyinRefusal(400, 'OUT_TRADE_NO_USED', message);
  }
}

function prepared({ url }: DouyinPay, order: Order): object {
  switch (order.kind) {
    case 'native':
      return { code_url: `${url}/cashier/qr?token=${order.token}` };
    case 'h5':
      return { h5_url: `${url}/cashier/h5?token=${order.token}` };
    case 'app':
      return { prepay_id: `dy${order.token}` };
    default:
      return order.kind satisfies never;
  }
}

/** How long what was handed out can be used, from when it was last renewed. */
export function lifeOf(order: Order): number {
  if (order.kind === 'native') return CODE_LIFE_MS;
  return order.kind === 'h5' ? H5_LIFE_MS : PREPAY_LIFE_MS;
}

/** Orders past their end are closed when somebody next looks. */
export function expire(douyin: DouyinPay, order: Order): Order {
  const now = douyin.options.clock.now().getTime();
  if (order.state === 'NOTPAY' && now >= order.expires_at) {
    order.state = 'CLOSED';
    douyin.books.put(order);
  }
  return order;
}

export function orderNotFound(): DouyinRefusal {
  return new DouyinRefusal(404, 'ORDER_NOT_EXIST', '订单不存在');
}

export function queryOrder(douyin: DouyinPay, order: Order | undefined): TransactionMessage {
  if (!order) throw orderNotFound();
  return transactionMessage(douyin, expire(douyin, order));
}

export function closeOrder(douyin: DouyinPay, out_trade_no: string, body: unknown): undefined {
  const { mchid } = z.strictObject({ mchid: text(32) }).parse(body);
  if (mchid !== douyin.keys.mchid) throw foreignMerchant();
  const order = douyin.books.orders.get(out_trade_no);
  if (!order) throw orderNotFound();
  expire(douyin, order);
  if (order.paid_at !== null) throw new DouyinRefusal(400, 'ORDER_PAID', '该订单已支付');
  order.state = 'CLOSED';
  douyin.books.put(order);
  return undefined;
}

export function newTransactionId(douyin: DouyinPay, head: string): string {
  const day = shanghaiTime(douyin.options.clock.now()).slice(2, 10).replaceAll('-', '');
  return `${head}${day}${randomDigits(douyin.options.random, 18)}`;
}

const STATES = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  CLOSED: '已关闭',
} as const;
const TRADE_TYPES = { native: 'NATIVE', h5: 'H5', app: 'APP' } as const;

/** An unpaid order lacks the fields of the payment: they are missing, not null. */
export function transactionMessage({ keys }: DouyinPay, order: Order): TransactionMessage {
  const total = fenNumber(order.total);
  const head = {
    appid: keys.appid,
    mchid: keys.mchid,
    out_trade_no: order.out_trade_no,
    trade_state: order.state,
    trade_state_desc: STATES[order.state],
  };
  if (order.paid_at === null || order.transaction_id === null || order.person === null) {
    return { ...head, amount: { total, currency: 'CNY' } };
  }
  return {
    ...head,
    transaction_id: order.transaction_id,
    trade_type: TRADE_TYPES[order.kind],
    bank_type: 'OTHERS',
    ...(order.attach === null ? {} : { attach: order.attach }),
    success_time: shanghaiTime(new Date(order.paid_at)),
    payer: { openid: openidOf(keys.appid, order.person) },
    amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
  };
}

/** Another id at every app id, the same for the same person. */
function openidOf(appid: string, person: string): string {
  return createHash('sha256').update(`${appid}\n${person}`).digest('hex').slice(0, 32);
}
