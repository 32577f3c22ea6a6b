import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { ReceiverType } from '../../../protocols/wechat-pay/sharing.ts';
import { randomDigits } from '../../random.ts';
import { otherParameters, WechatPayRefusal } from '../api/refusal.ts';
import type { OrderRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { BASIC, holderOf } from '../money.ts';
import { digest } from '../orders/fingerprint.ts';
import type { SplitPart, SplitRecord } from './book.ts';
import { releaseWhenOverdue } from './overdue.ts';
import {
  checkShare,
  checkSplittable,
  MAX_REQUESTS,
  notEnough,
  overLimit,
  paidOrder,
  SETTLE_MS,
} from './rules.ts';
import { scheduleSplit, settleWhenDue } from './settle.ts';

/**
 * The first half of a split or release, for both families: the rules are checked and the money is
 * set aside under the split's own number, so that no refund can take it any more.
 */
export interface NewSplit {
  readonly out_order_no: string;
  /** Digest of the request with its names in clear: ciphertexts differ at every try. */
  readonly fingerprint: string;
  readonly kind: SplitRecord['kind'];
  readonly description: string;
  readonly parts: readonly {
    readonly type: ReceiverType;
    readonly account: string;
    readonly person: string | null;
    readonly amount: bigint;
    readonly description: string;
  }[];
  /** What the parts leave over becomes the seller's own, and nothing can follow. */
  readonly release_rest: boolean;
}

/** The same number with the same request answers as it stands; undefined for a new number. */
export function knownSplit(
  context: SandboxContext,
  request: { mchid: string; out_order_no: string; fingerprint: string },
): SplitRecord | undefined {
  const known = context.sharing.split(request.mchid, request.out_order_no);
  if (!known) return undefined;
  if (known.fingerprint !== request.fingerprint) {
    throw otherParameters('商户分账单号重复：请求参数与首次请求的参数不一致');
  }
  settleWhenDue(context, known);
  return known;
}

/** All that is left becomes the seller's own. `ready` throws where something comes first. */
export function acceptRelease(
  context: SandboxContext,
  merchant: Merchant,
  wanted: {
    sub_mchid: string | null;
    body: WireObject;
    ready?: (order: OrderRecord) => void;
  },
): SplitRecord {
  const { sub_mchid, body, ready } = wanted;
  const { mchid } = merchant;
  const out_order_no = textField(body, 'out_order_no') ?? '';
  const fingerprint = digest({ ...body, of: 'release' });
  const known = knownSplit(context, { mchid, out_order_no, fingerprint });
  if (known) return known;
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const order = paidOrder(context, merchant, { transaction_id, sub_mchid });
  ready?.(order);
  return acceptSplit(context, order, {
    out_order_no,
    fingerprint,
    kind: 'release',
    description: textField(body, 'description') ?? '',
    parts: [],
    release_rest: true,
  });
}

export function acceptSplit(
  context: SandboxContext,
  order: OrderRecord,
  request: NewSplit,
): SplitRecord {
  releaseWhenOverdue(context, order);
  checkSplittable(context, order, request.kind);
  if (context.sharing.full) {
    const message = '沙箱分账单数已达上限，请清空沙箱数据';
    throw new WechatPayRefusal(429, 'FREQUENCY_LIMITED', '268447840', message);
  }
  const seller = holderOf(order);
  const sum = total(request.parts);
  const left = context.funds.holdOf(order.transaction_id ?? '')?.amount ?? 0n;
  if (request.kind === 'split') {
    const shared = total(request.parts.filter(({ account }) => account !== seller));
    checkShare(context, order, shared);
    const { faults } = context;
    const short = faults.strikes('merchant_short', { operation: 'sharing.split', amount: sum });
    if (sum > left || short) throw notEnough('分账金额不足，请检查订单剩余待分金额');
    countRequest(context, order, shared);
  }
  const split = newSplit(context, order, { ...request, rest: left - sum });
  setAside(context, order, split);
  context.sharing.putSplit(split);
  scheduleSplit(context, split);
  return split;
}

function total(parts: readonly { readonly amount: bigint }[]): bigint {
  return parts.reduce((sum, { amount }) => sum + amount, 0n);
}

function countRequest(context: SandboxContext, order: OrderRecord, shared: bigint): void {
  const payment = context.sharing.payment(order.transaction_id ?? '');
  if (payment.requests >= MAX_REQUESTS) {
    throw overLimit(`同一笔订单最多发起${MAX_REQUESTS}次分账请求`);
  }
  payment.requests += 1;
  payment.split += shared;
  context.sharing.putPayment(payment);
}

function newSplit(
  context: SandboxContext,
  order: OrderRecord,
  request: NewSplit & { rest: bigint },
): SplitRecord {
  const now = context.clock.now().getTime();
  const part = (given: NewSplit['parts'][number], rest: boolean): SplitPart => ({
    detail_id: `360${randomDigits(context.random, 20)}`,
    ...given,
    rest,
    result: 'PENDING',
    fail_reason: null,
    finished_at: null,
    returned: 0n,
    returns: 0,
  });
  const parts = request.parts.map((given) => part(given, false));
  if (request.release_rest && request.rest > 0n) {
    const description = '解冻给分账方';
    const account = holderOf(order);
    const own = { type: 'MERCHANT_ID', account, person: null } as const;
    parts.push(part({ ...own, amount: request.rest, description }, true));
  }
  if (request.release_rest) {
    const payment = context.sharing.payment(order.transaction_id ?? '');
    payment.released_at = now;
    context.sharing.putPayment(payment);
  }
  return {
    order_id: `3008450${randomDigits(context.random, 21)}`,
    mchid: order.mchid,
    sub_mchid: order.sub_mchid,
    out_order_no: request.out_order_no,
    transaction_id: order.transaction_id ?? '',
    fingerprint: request.fingerprint,
    kind: request.kind,
    description: request.description,
    created_at: now,
    due_at: now + SETTLE_MS,
    parts,
    state: 'PROCESSING',
    finished_at: null,
  };
}

/** From the payment's hold to the split's own. */
function setAside(context: SandboxContext, order: OrderRecord, split: SplitRecord): void {
  const amount = context.funds.unhold(order.transaction_id ?? '', total(split.parts));
  if (amount === 0n) return;
  context.funds.hold({ key: split.order_id, holder: holderOf(order), purse: BASIC, amount });
}
