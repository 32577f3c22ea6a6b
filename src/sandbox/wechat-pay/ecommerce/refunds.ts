import {
  fenField,
  fenNumber,
  objectField,
  type RefundMessage,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type { Collection } from '../../store.ts';
import { checkFields } from '../api/fields.ts';
import { otherParameters } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { BASIC } from '../money.ts';
import { digest } from '../orders/fingerprint.ts';
import { createRefund, queryRefund } from '../refunds/refunds.ts';
import { checkAppid } from '../sharing/receivers.ts';
import { checkFamily, notFound, platformSeller, queriedSeller } from '../sharing/rules.ts';
import { PLATFORM_REFUND } from './fields.ts';
import { move } from './move.ts';

/**
 * Refunds of a platform's sellers: the rules and books of ordinary refunds under other names. With
 * an advance the platform's money is used and the seller owes it.
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-refund.html
 */
export interface PlatformRefund {
  readonly refund_id: string;
  readonly mchid: string;
  readonly sub_mchid: string;
  readonly out_refund_no: string;
  readonly transaction_id: string;
  readonly refund_account: string;
  /** What the platform laid out. */
  readonly advance: bigint;
  readonly fingerprint: string;
}

export function platformRefunds(context: SandboxContext): Collection<PlatformRefund> {
  return context.store.collection<PlatformRefund>('platform_refunds');
}

const ADVANCE = 'REFUND_SOURCE_PARTNER_ADVANCE';

/** POST /v3/ecommerce/refunds/apply */
export function applyRefund(context: SandboxContext, merchant: Merchant, body: WireObject): object {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_REFUND, body);
  const sub_mchid = platformSeller(context, merchant, body);
  checkAppid(context, merchant, textField(body, 'sp_appid'));
  const fingerprint = digest(body);
  const known = knownRefund(context, merchant, textField(body, 'out_refund_no') ?? '');
  if (known) {
    if (known.fingerprint !== fingerprint) {
      throw otherParameters('商户退款单号重复：请求参数与首次申请退款的参数不一致');
    }
    return applied(queryRefund(context, merchant, known.out_refund_no), known);
  }
  const refund_account = textField(body, 'refund_account') ?? 'REFUND_SOURCE_SUB_MERCHANT';
  const wanted = ordinaryBody(body, sub_mchid);
  const { message, advance } =
    refund_account === ADVANCE
      ? advanced(context, merchant, { sub_mchid, wanted })
      : { message: createRefund(context, merchant, wanted), advance: 0n };
  const { refund_id, out_refund_no, transaction_id } = message;
  const record: PlatformRefund = {
    refund_id,
    mchid: merchant.mchid,
    sub_mchid,
    out_refund_no,
    transaction_id,
    refund_account,
    advance,
    fingerprint,
  };
  platformRefunds(context).put(refund_id, record);
  return applied(message, record);
}

function knownRefund(
  context: SandboxContext,
  merchant: Merchant,
  out_refund_no: string,
): PlatformRefund | undefined {
  const refund = context.books.refund(merchant.mchid, out_refund_no);
  return refund && platformRefunds(context).get(refund.refund_id);
}

/** The same wish in the words of an ordinary refund. */
function ordinaryBody(body: WireObject, sub_mchid: string): WireObject {
  const { refund, total } = objectField(body, 'amount');
  const same = ['transaction_id', 'out_trade_no', 'out_refund_no', 'reason', 'notify_url'] as const;
  const kept = same.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]]));
  return { sub_mchid, ...Object.fromEntries(kept), amount: { refund, total, currency: 'CNY' } };
}

/**
 * The platform's money goes to the seller and from there to the payer, so that the seller's own
 * stays where it was, held or free. Either all of it happens or nothing.
 */
function advanced(
  context: SandboxContext,
  merchant: Merchant,
  request: { sub_mchid: string; wanted: WireObject },
): { message: RefundMessage; advance: bigint } {
  const { sub_mchid, wanted } = request;
  const advance = fenField(objectField(wanted, 'amount'), 'refund') ?? 0n;
  const entry = {
    from: merchant.mchid,
    to: sub_mchid,
    amount: advance,
    type: '退款垫付',
    business_no: textField(wanted, 'out_refund_no') ?? '',
    reference: textField(wanted, 'out_refund_no') ?? '',
    note: '',
  };
  move(context, entry);
  try {
    const before = held(context, merchant, wanted);
    const message = createRefund(context, merchant, wanted);
    const { transaction_id } = message;
    const taken = before - (context.funds.holdOf(transaction_id)?.amount ?? 0n);
    if (taken > 0n) {
      const again = { key: transaction_id, holder: sub_mchid, purse: BASIC, amount: taken };
      context.funds.addToHold(again);
    }
    return { message, advance };
  } catch (error) {
    move(context, { ...entry, from: sub_mchid, to: merchant.mchid, type: '退款垫付撤回' });
    throw error;
  }
}

function held(context: SandboxContext, merchant: Merchant, wanted: WireObject): bigint {
  const number = textField(wanted, 'transaction_id');
  const order =
    number === undefined
      ? context.books.order(merchant.mchid, textField(wanted, 'out_trade_no') ?? '')
      : context.books.orderOfTransaction(number);
  return context.funds.holdOf(order?.transaction_id ?? '')?.amount ?? 0n;
}

/** The answer of applying has no state: it is asked for. */
function applied(message: RefundMessage, record: PlatformRefund): object {
  return {
    refund_id: message.refund_id,
    out_refund_no: message.out_refund_no,
    create_time: message.create_time,
    amount: amounts(message, record),
    refund_account: record.refund_account,
  };
}

function amounts({ amount }: RefundMessage, { advance }: PlatformRefund): object {
  return {
    refund: amount.refund,
    payer_refund: amount.payer_refund,
    discount_refund: amount.discount_refund,
    currency: amount.currency,
    ...(advance === 0n ? {} : { advance: fenNumber(advance) }),
  };
}

/** GET /v3/ecommerce/refunds/id/{refund_id} and …/out-refund-no/{out_refund_no} */
export function queryPlatformRefund(
  context: SandboxContext,
  merchant: Merchant,
  asked: { by: { refund_id: string } | { out_refund_no: string }; query: URLSearchParams },
): object {
  const record = ownRefund(context, merchant, asked);
  const message = queryRefund(context, merchant, record.out_refund_no);
  return {
    refund_id: message.refund_id,
    out_refund_no: message.out_refund_no,
    transaction_id: message.transaction_id,
    out_trade_no: message.out_trade_no,
    channel: message.channel,
    user_received_account: message.user_received_account,
    ...(message.success_time === undefined ? {} : { success_time: message.success_time }),
    create_time: message.create_time,
    status: message.status,
    amount: amounts(message, record),
    refund_account: record.refund_account,
    funds_account: message.funds_account,
  };
}

/** A platform's own refund, of the seller that the call names. */
export function ownRefund(
  context: SandboxContext,
  merchant: Merchant,
  asked: { by: { refund_id: string } | { out_refund_no: string }; query: URLSearchParams },
): PlatformRefund {
  checkFamily(merchant, 'platform');
  const sub_mchid = queriedSeller(context, merchant, asked.query);
  const { by } = asked;
  const record =
    'refund_id' in by
      ? platformRefunds(context).get(by.refund_id)
      : knownRefund(context, merchant, by.out_refund_no);
  if (record?.mchid !== merchant.mchid || record.sub_mchid !== sub_mchid) {
    throw notFound('退款单不存在');
  }
  return record;
}
