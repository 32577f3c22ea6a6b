import {
  type AppCall,
  type BridgeCall,
  verifyAppCall,
  verifyBridgeCall,
} from '../../../protocols/wechat-pay/bridge.ts';
import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { SandboxContext } from '../context.ts';
import { isCombined, type Payable } from './records.ts';

/**
 * What a page, a mini program or an app hands to the wallet: parameters that the merchant signed.
 * The order counts only under a signature by a certificate of its merchant that is in force.
 */

/** The order of an in-page or mini program call; undefined when anything about it is wrong. */
export function orderOfBridgeCall(
  context: SandboxContext,
  parameters: WireObject,
): Payable | undefined {
  const prepay_id = /^prepay_id=(wx[0-9a-z]{34})$/.exec(textField(parameters, 'package') ?? '');
  const payable = current(context, prepay_id?.[1]);
  if (payable?.kind !== 'jsapi') return undefined;
  const appids = appidsOf(context, payable);
  // A mini program is known by where the call comes from: it names no app id, so all are tried.
  const named = textField(parameters, 'appId');
  const calls = appids
    .filter((appid) => named === undefined || named === appid)
    .map((appId) => parseBridgeCall({ ...parameters, appId }));
  const keys = keysOf(context, payable);
  const good = calls.some(
    (call) => call !== undefined && keys.some((key) => verifyBridgeCall(key, call)),
  );
  return good ? payable : undefined;
}

/** The order of a call by the App SDK; undefined when anything about it is wrong. */
export function orderOfAppCall(
  context: SandboxContext,
  parameters: WireObject,
): Payable | undefined {
  const call = parseAppCall(parameters);
  const payable = current(context, call?.prepayId);
  if (!call || payable?.kind !== 'app') return undefined;
  if (!appidsOf(context, payable).includes(call.appId)) return undefined;
  const receivers = context.books.partsOf(payable).map(({ sub_mchid }) => sub_mchid);
  if (call.partnerId !== payable.mchid && !receivers.includes(call.partnerId)) return undefined;
  return keysOf(context, payable).some((key) => verifyAppCall(key, call)) ? payable : undefined;
}

function current(context: SandboxContext, prepay_id: string | undefined): Payable | undefined {
  const payable = prepay_id === undefined ? undefined : context.books.prepared.ofPrepay(prepay_id);
  return payable?.prepay_id === prepay_id ? payable : undefined;
}

function keysOf(context: SandboxContext, { mchid }: Payable) {
  const certificates = context.merchants.get(mchid)?.certificates ?? [];
  return certificates.filter(({ revoked }) => !revoked).map(({ verify_key }) => verify_key);
}

/** The app ids in which this order may be paid. */
function appidsOf(context: SandboxContext, payable: Payable): string[] {
  const orders = isCombined(payable) ? context.books.partsOf(payable) : [payable];
  const own = orders.map(({ sub_appid }) => sub_appid).filter((appid) => appid !== null);
  return [payable.appid, ...new Set(own)];
}

function parseBridgeCall(value: WireObject): BridgeCall | undefined {
  const appId = textField(value, 'appId');
  const timeStamp = textField(value, 'timeStamp');
  const nonceStr = textField(value, 'nonceStr');
  const packageText = textField(value, 'package');
  const paySign = textField(value, 'paySign');
  if (!appId || !timeStamp || !nonceStr || !packageText || !paySign) return undefined;
  if (value.signType !== 'RSA') return undefined;
  return { appId, timeStamp, nonceStr, package: packageText, signType: 'RSA', paySign };
}

function parseAppCall(value: WireObject): AppCall | undefined {
  const appId = textField(value, 'appId');
  const partnerId = textField(value, 'partnerId');
  const prepayId = textField(value, 'prepayId');
  const nonceStr = textField(value, 'nonceStr');
  const timeStamp = textField(value, 'timeStamp');
  const sign = textField(value, 'sign');
  if (!appId || !partnerId || !prepayId || !nonceStr || !timeStamp || !sign) return undefined;
  if (value.packageValue !== 'Sign=WXPay') return undefined;
  return { appId, partnerId, prepayId, packageValue: 'Sign=WXPay', nonceStr, timeStamp, sign };
}
