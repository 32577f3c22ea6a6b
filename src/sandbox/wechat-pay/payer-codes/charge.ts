import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { PhoneRefusal } from '../../sandbox.ts';
import { otherParameters, parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import { expire, PROMPT_LIFE_MS } from '../orders/lives.ts';
import { blankOrder, checkRoom, type orderTexts } from '../orders/orders.ts';
import type { Party } from '../orders/party.ts';
import { payNow } from '../orders/pay.ts';
import type { OrderRecord } from '../orders/records.ts';
import type { CodeClaim } from './codes.ts';

/**
 * A charge by payer code, whichever version of the API brings it. It is paid at once, or waits for
 * the payer's password: above 1000 yuan, and after five payments without one on a day. A code that
 * is not good leaves no order behind; every other end spends both number and code.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012382150
 */
const FREE_UP_TO = 100_000n;
const FREE_PER_DAY = 5;

export type Charge = ReturnType<typeof orderTexts> & {
  readonly party: Party;
  readonly auth_code: string;
  readonly fingerprint: string;
  readonly operation: string;
};

export class CodeRefused extends WechatPayRefusal {
  readonly claim: Exclude<CodeClaim['kind'], 'person'>;

  constructor(claim: CodeRefused['claim']) {
    super(403, CODE_WORDS[claim][0], INTERNAL_CODE.bad_parameter, CODE_WORDS[claim][1]);
    this.claim = claim;
  }
}

const CODE_WORDS = {
  malformed: ['AUTH_CODE_ERROR', '付款码格式有误，请扫描微信付款码'],
  unknown: ['AUTH_CODE_INVALID', '扫描的不是微信付款码，请扫描微信付款码'],
  expired: ['AUTH_CODE_EXPIRED', '付款码已过期，请用户刷新后再试'],
  spent: ['AUTH_CODE_INVALID', '付款码已被使用，请用户刷新后再试'],
  bound: ['AUTH_CODE_INVALID', '付款码已被其他商户使用，请用户刷新后再试'],
} as const;

/** The order as it stands: SUCCESS, or USERPAYING. Throws for every other end. */
export function chargeCode(context: SandboxContext, charge: Charge): OrderRecord {
  const { merchant } = charge.party;
  if (merchant.role === 'platform') {
    const message = '电商平台不支持付款码支付';
    throw new WechatPayRefusal(403, 'NO_AUTH', INTERNAL_CODE.no_partner_relation, message);
  }
  const existing = context.books.order(merchant.mchid, charge.out_trade_no);
  if (existing) return chargedBefore(context, existing, charge);
  checkRoom(context);
  const person = payerOf(context, charge);
  const order = openCharge(context, charge, person);
  context.payer_codes.spend(charge.auth_code);
  if (asksPassword(context, order, charge)) {
    order.state = 'USERPAYING';
    order.password_asked = true;
    context.books.putOrder(order);
    context.charges.wait(order);
    return order;
  }
  try {
    payNow(context, order, person);
  } catch (error) {
    if (!(error instanceof PhoneRefusal)) throw error;
    order.state = 'PAYERROR';
    context.books.putOrder(order);
    const message = '用户账户余额不足，请用户换卡支付后重新下单';
    throw new WechatPayRefusal(403, 'NOT_ENOUGH', INTERNAL_CODE.out_of_range, message);
  }
  context.charges.countFree(order);
  return order;
}

/** Whose code it is; throws what is wrong with it. */
export function payerOf(
  context: SandboxContext,
  charge: { auth_code: string; party: Party },
): string {
  const now = context.clock.now().getTime();
  const { mchid } = charge.party.merchant;
  const claim = context.payer_codes.claim(charge.auth_code, { mchid, now });
  if (claim.kind === 'person') return claim.person;
  if (claim.kind !== 'malformed') throw new CodeRefused(claim.kind);
  if (charge.auth_code.length === 0) {
    const issue = { field: '/payer/auth_code', issue: 'missing', location: 'body' } as const;
    throw parameterError({ ...issue, message: '缺少付款码' });
  }
  throw new CodeRefused('malformed');
}

function openCharge(context: SandboxContext, charge: Charge, person: string): OrderRecord {
  const { party, auth_code: _code, operation: _operation, ...texts } = charge;
  const now = context.clock.now().getTime();
  return context.books.addOrder({
    ...blankOrder(),
    ...texts,
    kind: 'codepay',
    mchid: party.merchant.mchid,
    appid: party.appid,
    sub_mchid: party.sub_mchid,
    sub_appid: party.sub_appid,
    notify_url: '',
    created_at: now,
    expires_at: now + PROMPT_LIFE_MS,
    prepared_at: now,
    payer_openid: null,
    person,
  });
}

function asksPassword(context: SandboxContext, order: OrderRecord, charge: Charge): boolean {
  const { total, created_at } = order;
  const occasion = { operation: charge.operation, amount: total };
  if (context.faults.strikes('password_asked', occasion)) return true;
  const free = context.charges.freeOn(order.person ?? '', created_at);
  return total > FREE_UP_TO || free >= FREE_PER_DAY;
}

/** The same number again tells how it went, and never charges a second time. */
function chargedBefore(context: SandboxContext, order: OrderRecord, charge: Charge): OrderRecord {
  if (order.kind !== 'codepay' || order.fingerprint !== charge.fingerprint) {
    throw otherParameters('商户订单号重复：请求参数与首次下单的参数不一致');
  }
  expire(context, order);
  switch (order.state) {
    case 'USERPAYING':
      return order;
    case 'SUCCESS':
    case 'REFUND':
      throw new WechatPayRefusal(400, 'ORDERPAID', INTERNAL_CODE.reentry_paid, '该订单已支付');
    case 'REVOKED': {
      const message = '订单已撤销，请更换订单号重新下单';
      throw new WechatPayRefusal(400, 'ORDER_REVERSED', INTERNAL_CODE.order_expired, message);
    }
    case 'NOTPAY':
    case 'CLOSED':
    case 'PAYERROR': {
      const message = '支付失败，请更换订单号重新下单';
      throw new WechatPayRefusal(400, 'ORDER_CLOSED', INTERNAL_CODE.order_expired, message);
    }
    default:
      return order.state satisfies never;
  }
}
