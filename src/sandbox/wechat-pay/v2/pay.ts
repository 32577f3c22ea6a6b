import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import { WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { digest } from '../orders/fingerprint.ts';
import type { OrderRecord } from '../orders/records.ts';
import { STATE_TEXT } from '../orders/transaction-message.ts';
import { chargeCode, payerOf } from '../payer-codes/charge.ts';
import { reverseCharge } from '../payer-codes/reverse.ts';
import { V2Refusal } from './call.ts';
import { paymentFields } from './fields.ts';
import { orderIn, partyIn, wrong } from './order-in.ts';

/**
 * Charges by payer code in the second version: the same orders, under other names.
 * https://pay.weixin.qq.com/doc/v2/merchant/4011937125
 */
const ORDER_NUMBER = /^[0-9A-Za-z_\-|*@]{1,32}$/;
const MAX_FEE = 10_000_000_000n;

/** POST /pay/micropay */
export function micropay(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): V2Parameters {
  const { out_trade_no = '', total_fee = '', attach, device_info } = parameters;
  if (!ORDER_NUMBER.test(out_trade_no)) throw wrong('out_trade_no');
  const total = /^[1-9]\d{0,10}$/.test(total_fee) ? BigInt(total_fee) : 0n;
  if (total === 0n || total > MAX_FEE) throw wrong('total_fee');
  if ((parameters.fee_type ?? 'CNY') !== 'CNY') throw wrong('fee_type');
  const order = mapped(() =>
    chargeCode(context, {
      party: partyIn(context, merchant, parameters),
      auth_code: parameters.auth_code ?? '',
      out_trade_no,
      description: (parameters.body ?? '').slice(0, 128),
      attach: attach ?? null,
      device_id: device_info ?? null,
      total,
      profit_sharing: parameters.profit_sharing === 'Y',
      subsidy_amount: 0n,
      fingerprint: fingerprint(parameters),
      operation: 'v2.micropay',
    }),
  );
  if (order.state === 'USERPAYING') throw new V2Refusal('USERPAYING', STATE_TEXT.USERPAYING);
  return paymentFields(order);
}

/** A retry has another nonce and signature, and is the same request all the same. */
function fingerprint(parameters: V2Parameters): string {
  const { nonce_str: _nonce, sign: _sign, sign_type: _type, ...rest } = parameters;
  return digest({ kind: 'micropay', ...rest });
}

/** What this version calls otherwise than the third. */
function mapped<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reused =
      error instanceof WechatPayRefusal &&
      error.internal === INTERNAL_CODE.reentry_other_parameters;
    if (reused) throw new V2Refusal('OUT_TRADE_NO_USED', '商户订单号重复');
    throw error;
  }
}

/** POST /pay/orderquery: any order of the merchant, in whichever version it was made. */
export function orderQuery(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): V2Parameters {
  const order = orderIn(context, merchant, parameters);
  return {
    ...(order.paid_at === null ? unpaidFields(order) : paymentFields(order)),
    trade_state: order.state,
    trade_state_desc: STATE_TEXT[order.state],
  };
}

function unpaidFields(order: OrderRecord): V2Parameters {
  return { out_trade_no: order.out_trade_no, total_fee: order.total.toString(), fee_type: 'CNY' };
}

/** POST /secapi/pay/reverse */
export function reverseOrder(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): V2Parameters {
  const order = orderIn(context, merchant, parameters);
  try {
    reverseCharge(context, order);
  } catch (error) {
    const late =
      error instanceof WechatPayRefusal && error.internal === INTERNAL_CODE.order_expired;
    if (late) throw new V2Refusal('REVERSE_EXPIRE', error.message);
    throw error;
  }
  return { recall: 'N' };
}

/** POST /tools/authcodetoopenid: from then on only this merchant may charge the code. */
export function authCodeToOpenid(
  context: SandboxContext,
  merchant: Merchant,
  parameters: V2Parameters,
): V2Parameters {
  const party = partyIn(context, merchant, parameters);
  const auth_code = parameters.auth_code ?? '';
  const person = payerOf(context, { auth_code, party });
  context.payer_codes.bind(auth_code, merchant.mchid);
  const openid = context.openid(person, { ...merchant, appid: party.appid });
  if (party.sub_appid === null) return { openid };
  return { openid, sub_openid: context.openid(person, { ...merchant, appid: party.sub_appid }) };
}
