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
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { BASIC } from '../money.ts';
import {
  checkFamily,
  notFound,
  paidOrder,
  platformSeller,
  queriedSeller,
} from '../sharing/rules.ts';
import { AFTER_SALES, RETURN_ADVANCE } from './fields.ts';
import { move } from './move.ts';
import { ownRefund, type PlatformRefund, platformRefunds } from './refunds.ts';

/**
 * What a seller owes its platform after a refund: an advance given back, or the platform's fee for
 * a service after the sale (a ticket returned or changed).
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-return-advance.html
 */
interface AdvanceReturn {
  readonly refund_id: string;
  readonly advance_return_id: string;
  readonly amount: bigint;
  readonly payer_mchid: string;
  readonly payee_mchid: string;
  readonly at: number;
}

interface AfterSales {
  readonly sub_mchid: string;
  readonly transaction_id: string;
  readonly refund_id: string;
  readonly amount: bigint;
  readonly type: string;
  readonly scene: string;
  readonly at: number;
}

function advanceReturns(context: SandboxContext): Collection<AdvanceReturn> {
  return context.store.collection<AdvanceReturn>('advance_returns');
}

function afterSales(context: SandboxContext): Collection<AfterSales> {
  return context.store.collection<AfterSales>('after_sales');
}

/** POST /v3/ecommerce/refunds/{refund_id}/return-advance; again is as good as once. */
export function returnAdvance(
  context: SandboxContext,
  merchant: Merchant,
  request: { refund_id: string; body: WireObject },
): object {
  const { refund_id, body } = request;
  checkFamily(merchant, 'platform');
  checkFields(RETURN_ADVANCE, body);
  const sub_mchid = platformSeller(context, merchant, body);
  const query = new URLSearchParams({ sub_mchid });
  const refund = ownRefund(context, merchant, { by: { refund_id }, query });
  const known = advanceReturns(context).get(refund_id);
  if (known) return advanceMessage(known);
  if (refund.advance === 0n) {
    throw invalidRequest('该退款单不是垫付退款，不能回补', INTERNAL_CODE.bad_parameter);
  }
  const made: AdvanceReturn = {
    refund_id,
    advance_return_id: `5040${randomDigits(context.random, 25)}`,
    amount: refund.advance,
    payer_mchid: sub_mchid,
    payee_mchid: merchant.mchid,
    at: context.clock.now().getTime(),
  };
  move(context, {
    from: sub_mchid,
    to: merchant.mchid,
    amount: made.amount,
    type: '垫付回补',
    business_no: made.advance_return_id,
    reference: refund.out_refund_no,
    note: '',
    from_hold: refund.transaction_id,
  });
  advanceReturns(context).put(refund_id, made);
  return advanceMessage(made);
}

/** GET /v3/ecommerce/refunds/{refund_id}/return-advance */
export function queryAdvance(
  context: SandboxContext,
  merchant: Merchant,
  request: { refund_id: string; query: URLSearchParams },
): object {
  const { refund_id, query } = request;
  ownRefund(context, merchant, { by: { refund_id }, query });
  const known = advanceReturns(context).get(refund_id);
  if (!known) throw notFound('垫付回补单不存在');
  return advanceMessage(known);
}

function advanceMessage(record: AdvanceReturn): object {
  return {
    refund_id: record.refund_id,
    advance_return_id: record.advance_return_id,
    return_amount: fenNumber(record.amount),
    payer_mchid: record.payer_mchid,
    payer_account: BASIC,
    payee_mchid: record.payee_mchid,
    payee_account: BASIC,
    result: 'SUCCESS',
    success_time: shanghaiTime(new Date(record.at)),
  };
}

/** POST /v3/ecommerce/profitsharing/after-sales-orders: once for each payment. */
export function createAfterSales(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFamily(merchant, 'platform');
  checkFields(AFTER_SALES, body);
  const sub_mchid = platformSeller(context, merchant, body);
  const transaction_id = textField(body, 'transaction_id') ?? '';
  const order = paidOrder(context, merchant, { transaction_id, sub_mchid });
  const wanted: AfterSales = {
    sub_mchid,
    transaction_id,
    refund_id: textField(body, 'refund_id') ?? '',
    amount: fenField(body, 'amount') ?? 0n,
    type: textField(body, 'type') ?? '',
    scene: textField(body, 'scene') ?? '',
    at: context.clock.now().getTime(),
  };
  const known = afterSales(context).get(transaction_id);
  if (known) {
    const { at: _known, ...before } = known;
    const { at: _now, ...now } = wanted;
    const same = Object.entries(before).every(([name, value]) => Reflect.get(now, name) === value);
    if (!same) throw otherParameters('该订单已发起售后服务分账，参数不一致');
    return afterSalesMessage(known);
  }
  const refund: PlatformRefund | undefined = platformRefunds(context).get(wanted.refund_id);
  if (refund?.transaction_id !== transaction_id) {
    throw invalidRequest('微信退款单号不属于该订单', INTERNAL_CODE.bad_parameter);
  }
  if (wanted.amount > order.total - order.refunded) {
    throw invalidRequest('售后服务分账金额超过订单未退金额', INTERNAL_CODE.out_of_range);
  }
  move(context, {
    from: sub_mchid,
    to: merchant.mchid,
    amount: wanted.amount,
    type: '售后服务分账',
    business_no: transaction_id,
    reference: wanted.refund_id,
    note: wanted.scene,
    from_hold: transaction_id,
  });
  afterSales(context).put(transaction_id, wanted);
  return afterSalesMessage(wanted);
}

function afterSalesMessage({ sub_mchid, transaction_id, amount }: AfterSales) {
  return { sub_mchid, transaction_id, amount: fenNumber(amount) };
}

/** GET /v3/ecommerce/profitsharing/after-sales-orders */
export function queryAfterSales(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
): object {
  checkFamily(merchant, 'platform');
  const sub_mchid = queriedSeller(context, merchant, query);
  const known = afterSales(context).get(query.get('transaction_id') ?? '');
  if (!known || known.sub_mchid !== sub_mchid) throw notFound('售后服务分账单不存在');
  const finish_time = shanghaiTime(new Date(known.at));
  return { ...afterSalesMessage(known), result: 'SUCCESS', finish_time };
}
