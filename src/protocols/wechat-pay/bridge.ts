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
