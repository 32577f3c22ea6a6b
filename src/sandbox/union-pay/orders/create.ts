import { bracedValue, type Message } from '../../../protocols/union-pay/message.ts';
import { CODE_URL, PAY, parseStamp } from '../../../protocols/union-pay/transactions.ts';
import {
  addressOf,
  amountOf,
  type Call,
  currencyOf,
  newTradeName,
  optional,
  WireRefusal,
} from '../api/call.ts';
import { isPayment, now, type Payment, type Product, savePayment, tradeNamed } from '../books.ts';
import { newSecret, newTn, newVoucher } from '../numbers.ts';

/** Orders that somebody has yet to pay: pages, the app's number, merchant codes. */
const LIFE_MS = 2 * 3_600_000;
const MAX_LIFE_MS = 30 * 86_400_000;

/** What is bought, wherever the merchant wrote it. */
export function descriptionOf(message: Message): string {
  const risk = message.get('riskRateInfo') ?? '';
  const named = bracedValue(risk, 'commodityName') ?? message.get('orderDesc') ?? '';
  return named.slice(0, 64) || `订单 ${message.get('orderId') ?? ''}`;
}

function expiryOf(call: Call, at: number): number {
  const text = optional(call, 'payTimeout', 14);
  if (text === null) return at + LIFE_MS;
  const end = parseStamp(text)?.getTime();
  if (end === undefined || end <= at || end > at + MAX_LIFE_MS) {
    throw new WireRefusal('10', 'payTimeout is YYYYMMDDhhmmss in Beijing, ahead, within 30 days');
  }
  return end;
}

function tokenFor(call: Call, product: Product): string {
  const { random, clock } = call.union.options;
  for (;;) {
    const token =
      product === 'front'
        ? newSecret(random)
        : product === 'app'
          ? newTn(random, clock.now())
          : newVoucher(random);
    if (!call.union.by_token.has(token)) return token;
  }
}

const SUB_TYPES: Readonly<Record<Product, string>> = {
  front: PAY.normal,
  app: PAY.normal,
  order: PAY.normal,
  code: PAY.code,
  scanned: PAY.scanned,
};

/** Same number again: the same order while nobody has paid it and nothing differs. */
function reenter(call: Call, wanted: Payment): Payment | undefined {
  const before = tradeNamed(call.union, wanted);
  if (!before) return undefined;
  const same =
    isPayment(before) &&
    before.state === 'open' &&
    before.amount === wanted.amount &&
    before.product === wanted.product &&
    before.back_url === wanted.back_url;
  if (!same) throw new WireRefusal('12', 'orderId and txnTime were used for another trade');
  return before;
}

/** The order of a verified call, new or the same as before; throws a WireRefusal. */
export function placeOrder(call: Call, product: Product): Payment {
  const { union, message } = call;
  currencyOf(call);
  const at = now(union);
  const wanted: Payment = {
    ...newTradeName(call),
    product,
    txn_sub_type: SUB_TYPES[product],
    biz_type: message.get('bizType') ?? '',
    amount: amountOf(call),
    back_url: addressOf(call, 'backUrl'),
    front_url: message.get('frontUrl') ? addressOf(call, 'frontUrl') : null,
    description: descriptionOf(message),
    req_reserved: optional(call, 'reqReserved', 1024),
    term_id: optional(call, 'termId', 8),
    token: tokenFor(call, product),
    placed_at: at,
    expires_at: expiryOf(call, at),
    state: 'open',
    resp_code: '34',
    record: null,
    payer: null,
    prompt_until: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    undone: false,
  };
  const same = reenter(call, wanted);
  if (same) return same;
  savePayment(union, wanted);
  return wanted;
}

/** `https://qr.95516.com/<institution>/<voucher>`. */
export function codeUrl(payment: Payment): string {
  return `${CODE_URL}00010000/${payment.token}`;
}

export function tokenOfCode(code: string): string | undefined {
  const match = /^https:\/\/qr\.95516\.com\/\d{8}\/(\d{32})$/.exec(code);
  return match?.[1];
}
