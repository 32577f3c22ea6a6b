import { shanghaiTime } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  fenNumber,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { randomDigits } from '../../random.ts';
import type { Collection } from '../../store.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest, otherParameters } from '../api/refusal.ts';
import type { OrderRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { BASIC } from '../money.ts';
import { paidOrder, platformSeller } from '../sharing/rules.ts';
import { SUBSIDY_CANCEL, SUBSIDY_CREATE, SUBSIDY_RETURN } from './fields.ts';
import { move } from './move.ts';
import { platformRefunds } from './refunds.ts';

/**
 * A platform adds its own money to a payment (a coupon it funds) before the payment is split; the
 * order said beforehand how much at most. Until it is added or cancelled nothing is split.
 * https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/subsidies/chapter3_1.shtml
 */
interface SubsidyRecord {
  readonly transaction_id: string;
  readonly subsidy_id: string;
  readonly amount: bigint;
  readonly description: string;
  readonly at: number;
  returned: bigint;
  /** Then there is none and never will be. */
  readonly cancelled: boolean;
}

interface SubsidyReturnRecord {
  readonly subsidy_refund_id: string;
  readonly out_order_no: string;
  readonly transaction_id: string;
  readonly refund_id: string;
  readonly amount: bigint;
  readonly description: string;
  readonly at: number;
}

function records(context: SandboxContext): Collection<SubsidyRecord> {
  return context.store.collection<SubsidyRecord>('subsidies');
}

function returnRecords(context: SandboxContext): Collection<SubsidyReturnRecord> {
  return context.store.collection<SubsidyReturnRecord>('subsidy_returns');
}

/** Throws while a subsidy that the order announced is neither added nor cancelled. */
export function checkSubsidyDone(context: SandboxContext, order: OrderRecord): void {
  if (order.subsidy_amount === 0n || records(context).get(order.transaction_id ?? '')) return;
  throw invalidRequest('订单带有补差标识，请先补差或取消补差再分账', INTERNAL_CODE.bad_parameter);
}

function announced(context: SandboxContext, merchant: Merchant, body: WireObject): OrderRecord {
  const sub_mchid = platformSeller(context, merchant, body);
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const order = paidOrder(context, merchant, { transaction_id, sub_mchid });
  if (order.subsidy_amount === 0n) {
    throw invalidRequest('订单下单时没有补差标识', INTERNAL_CODE.bad_parameter);
  }
  const { requests, released_at } = context.sharing.payment(transaction_id);
  if (requests > 0 || released_at !== null) {
    throw invalidRequest('订单已发起分账，不能再补差或取消补差', INTERNAL_CODE.order_expired);
  }
  return order;
}

/** POST /v3/ecommerce/subsidies/create */
export function createSubsidy(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFields(SUBSIDY_CREATE, body);
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const amount = fenField(body, 'amount') ?? 0n;
  const description = textField(body, 'description') ?? '';
  const known = records(context).get(transaction_id);
  if (known) {
    const sub_mchid = platformSeller(context, merchant, body);
    const order = paidOrder(context, merchant, { transaction_id, sub_mchid });
    const same = known.amount === amount && known.description === description;
    if (!same || known.cancelled) throw otherParameters('该订单已补差或已取消补差');
    return subsidyMessage(order, known);
  }
  const order = announced(context, merchant, body);
  if (amount > order.subsidy_amount) {
    throw invalidRequest('补差金额超过下单时的最高补差金额', INTERNAL_CODE.out_of_range);
  }
  const record: SubsidyRecord = {
    transaction_id,
    subsidy_id: `3008450${randomDigits(context.random, 21)}`,
    amount,
    description,
    at: context.clock.now().getTime(),
    returned: 0n,
    cancelled: false,
  };
  const seller = order.sub_mchid ?? '';
  move(context, {
    from: merchant.mchid,
    to: seller,
    amount,
    type: '补差',
    business_no: record.subsidy_id,
    reference: transaction_id,
    note: description,
  });
  context.funds.addToHold({ key: transaction_id, holder: seller, purse: BASIC, amount });
  records(context).put(transaction_id, record);
  return subsidyMessage(order, record);
}

function subsidyMessage(order: OrderRecord, record: SubsidyRecord): object {
  return {
    sub_mchid: order.sub_mchid,
    transaction_id: record.transaction_id,
    subsidy_id: record.subsidy_id,
    description: record.description,
    amount: fenNumber(record.amount),
    result: 'SUCCESS',
    success_time: shanghaiTime(new Date(record.at)),
  };
}

/** POST /v3/ecommerce/subsidies/return; only beside a refund of the same payment. */
export function returnSubsidy(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFields(SUBSIDY_RETURN, body);
  const sub_mchid = platformSeller(context, merchant, body);
  const given: SubsidyReturnRecord = {
    subsidy_refund_id: `3108450${randomDigits(context.random, 21)}`,
    out_order_no: textField(body, 'out_order_no') ?? '',
    transaction_id: textField(body, 'transaction_id') ?? '',
    refund_id: textField(body, 'refund_id') ?? '',
    amount: fenField(body, 'amount') ?? 0n,
    description: textField(body, 'description') ?? '',
    at: context.clock.now().getTime(),
  };
  paidOrder(context, merchant, { transaction_id: given.transaction_id, sub_mchid });
  const key = `${merchant.mchid}:${given.out_order_no}`;
  const known = returnRecords(context).get(key);
  if (known) {
    if (!sameReturn(known, given)) throw otherParameters('商户补差回退单号重复，参数不一致');
    return returnMessage(sub_mchid, known);
  }
  const subsidy = records(context).get(given.transaction_id);
  if (!subsidy || subsidy.cancelled) {
    throw invalidRequest('订单没有补差，不能回退', INTERNAL_CODE.bad_parameter);
  }
  const refund = platformRefunds(context).get(given.refund_id);
  if (refund?.transaction_id !== given.transaction_id) {
    throw invalidRequest('微信退款单号不属于该订单', INTERNAL_CODE.bad_parameter);
  }
  if (subsidy.returned + given.amount > subsidy.amount) {
    throw invalidRequest('补差回退金额超过可回退金额', INTERNAL_CODE.out_of_range);
  }
  move(context, {
    from: sub_mchid,
    to: merchant.mchid,
    amount: given.amount,
    type: '补差回退',
    business_no: given.subsidy_refund_id,
    reference: given.out_order_no,
    note: given.description,
    from_hold: given.transaction_id,
  });
  subsidy.returned += given.amount;
  records(context).put(given.transaction_id, subsidy);
  returnRecords(context).put(key, given);
  return returnMessage(sub_mchid, given);
}

function sameReturn(known: SubsidyReturnRecord, given: SubsidyReturnRecord): boolean {
  return (
    known.transaction_id === given.transaction_id &&
    known.refund_id === given.refund_id &&
    known.amount === given.amount &&
    known.description === given.description
  );
}

function returnMessage(sub_mchid: string, { at, ...record }: SubsidyReturnRecord): object {
  return {
    sub_mchid,
    ...record,
    amount: fenNumber(record.amount),
    result: 'SUCCESS',
    success_time: shanghaiTime(new Date(at)),
  };
}

/** POST /v3/ecommerce/subsidies/cancel; again is as good as once. */
export function cancelSubsidy(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFields(SUBSIDY_CANCEL, body);
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const description = textField(body, 'description') ?? '';
  const sub_mchid = platformSeller(context, merchant, body);
  const known = records(context).get(transaction_id);
  if (known && !known.cancelled) {
    throw invalidRequest('订单已补差，不能取消', INTERNAL_CODE.order_expired);
  }
  if (!known) {
    announced(context, merchant, body);
    records(context).put(transaction_id, {
      transaction_id,
      subsidy_id: '',
      amount: 0n,
      description,
      at: context.clock.now().getTime(),
      returned: 0n,
      cancelled: true,
    });
  }
  return { sub_mchid, transaction_id, result: 'SUCCESS', description };
}
