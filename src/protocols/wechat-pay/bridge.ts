import type { KeyObject } from 'node:crypto';
import { rsaSign, rsaVerify } from './signature.ts';

/**
 * The call a page inside WeChat makes, `getBrandWCPayRequest`, and its `paySign`: four lines under
 * the merchant's key. https://pay.weixin.qq.com/doc/v3/merchant/4012791857
 */
export interface BridgeCall {
  readonly appId: string;
  /** Seconds since the epoch, as text. */
  readonly timeStamp: string;
  readonly nonceStr: string;
  /** `prepay_id=wx…` */
  readonly package: string;
  readonly signType: 'RSA';
  readonly paySign: string;
}

type Unsigned = Omit<BridgeCall, 'signType' | 'paySign'>;

export function bridgeMessage(call: Unsigned): Buffer {
  return Buffer.from(`${call.appId}\n${call.timeStamp}\n${call.nonceStr}\n${call.package}\n`);
}

export async function signBridgeCall(key: KeyObject, call: Unsigned): Promise<BridgeCall> {
  return { ...call, signType: 'RSA', paySign: await rsaSign(key, bridgeMessage(call)) };
}

export function verifyBridgeCall(key: KeyObject, call: BridgeCall): boolean {
  return call.signType === 'RSA' && rsaVerify(key, bridgeMessage(call), call.paySign);
}

/**
 * The call of the App SDK. The message has the bare prepay id where the in-page call has its
 * package. https://pay.weixin.qq.com/doc/v3/merchant/4013070351
 */
export interface AppCall {
  readonly appId: string;
  /** The merchant that is paid: the seller's number, where a partner orders for one. */
  readonly partnerId: string;
  readonly prepayId: string;
  readonly packageValue: 'Sign=WXPay';
  readonly nonceStr: string;
  readonly timeStamp: string;
  readonly sign: string;
}

export function appMessage(call: Omit<AppCall, 'sign'>): Buffer {
  return Buffer.from(`${call.appId}\n${call.timeStamp}\n${call.nonceStr}\n${call.prepayId}\n`);
}

export async function signAppCall(
  key: KeyObject,
  call: Omit<AppCall, 'sign' | 'packageValue'>,
): Promise<AppCall> {
  const whole = { ...call, packageValue: 'Sign=WXPay' } as const;
  return { ...whole, sign: await rsaSign(key, appMessage(whole)) };
}

export function verifyAppCall(key: KeyObject, call: AppCall): boolean {
  return rsaVerify(key, appMessage(call), call.sign);
}
