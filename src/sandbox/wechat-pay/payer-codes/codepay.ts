import { objectField, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import { type RouteAnswer, StatusAnswer } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import { boundAppid } from '../merchants/apps.ts';
import type { Merchant } from '../merchants/keys.ts';
import { codepayFields, type Mode, reverseFields } from '../orders/fields.ts';
import { fingerprintOf, namedOrder, orderTexts } from '../orders/orders.ts';
import { partyOf } from '../orders/party.ts';
import { STATE_TEXT, transactionMessage } from '../orders/transaction-message.ts';
import { chargeCode } from './charge.ts';
import { reverseCharge } from './reverse.ts';

/** POST /v3/pay/[partner/]transactions/codepay: 200 when paid, 202 while the payer must act. */
export async function codepay(
  context: SandboxContext,
  merchant: Merchant,
  request: { mode: Mode; body: WireObject },
): Promise<RouteAnswer> {
  const { mode, body } = request;
  checkFields(codepayFields(mode), body);
  const charge = {
    ...orderTexts(body),
    party: partyOf(context, merchant, { mode, body }),
    auth_code: textField(objectField(body, 'payer'), 'auth_code') ?? '',
    fingerprint: fingerprintOf('codepay', body),
    operation: 'pay.codepay',
  };
  const order = await settled(context, () => chargeCode(context, charge));
  if (order.state === 'USERPAYING') {
    return new StatusAnswer(202, { code: 'USERPAYING', message: STATE_TEXT.USERPAYING });
  }
  return transactionMessage(order);
}

/** POST /v3/pay/[partner/]transactions/out-trade-no/{out_trade_no}/reverse */
export function reverse(
  context: SandboxContext,
  merchant: Merchant,
  request: { mode: Mode; out_trade_no: string; body: WireObject },
): object {
  const { mode, body } = request;
  checkFields(reverseFields(mode), body);
  boundAppid(context, merchant, textField(body, mode === 'direct' ? 'appid' : 'sp_appid'));
  const order = namedOrder(context, merchant, request);
  reverseCharge(context, order);
  return { ...body, out_trade_no: order.out_trade_no };
}

/** A refused charge can leave a failed order and a spent code: they too are durable first. */
async function settled<T>(context: SandboxContext, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await context.store.committed();
    throw error;
  }
}
