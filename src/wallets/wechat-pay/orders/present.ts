import { signAppCall, signBridgeCall } from '../../../protocols/wechat-pay/bridge.ts';
import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { newNonce, unixSeconds } from '../../../protocols/wechat-pay/signature.ts';
import type { CreateOrder, PresentationData } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import type { Client } from '../client.ts';

/** How an order's answer is handed to the payer: a code, a link, or signed parameters. */
export const KINDS = {
  qr: 'native',
  h5: 'h5',
  in_app: 'jsapi',
  mini_program: 'jsapi',
  app: 'app',
} as const;

export function offered(presentation: CreateOrder['presentation']): keyof typeof KINDS | undefined {
  return presentation === 'page' ? undefined : presentation;
}

interface Handing {
  readonly presentation: keyof typeof KINDS;
  readonly return_url: string;
  readonly content: WireObject;
  /** The app id in which the payer pays, and the number that the App SDK is to name. */
  readonly appid: string;
  readonly partner: string;
}

/** Undefined when the answer lacks what this presentation needs. */
export async function present(
  client: Client,
  account: MerchantAccount,
  handing: Handing,
): Promise<PresentationData | undefined> {
  const { presentation, content, appid, partner } = handing;
  const prepay_id = textField(content, 'prepay_id');
  const timeStamp = unixSeconds(client.environment.real());
  const nonceStr = newNonce();
  switch (presentation) {
    case 'qr': {
      const qr = textField(content, 'code_url');
      return qr === undefined ? undefined : { kind: 'qr', qr };
    }
    case 'h5': {
      const url = textField(content, 'h5_url');
      if (url === undefined) return undefined;
      const back = encodeURIComponent(handing.return_url);
      return { kind: 'h5', url: `${url}&redirect_url=${back}` };
    }
    case 'in_app':
    case 'mini_program': {
      if (prepay_id === undefined) return undefined;
      const { appId, ...call } = await signBridgeCall(account.private_key, {
        appId: appid,
        timeStamp,
        nonceStr,
        package: `prepay_id=${prepay_id}`,
      });
      // A mini program is its app id: `wx.requestPayment` takes the rest alone.
      return presentation === 'in_app'
        ? { kind: 'in_app', params: { appId, ...call } }
        : { kind: 'mini_program', params: call };
    }
    case 'app': {
      if (prepay_id === undefined) return undefined;
      const unsigned = { appId: appid, partnerId: partner, prepayId: prepay_id };
      const key = account.private_key;
      const call = await signAppCall(key, { ...unsigned, timeStamp, nonceStr });
      return { kind: 'app', params: { ...call } };
    }
    default:
      return presentation satisfies never;
  }
}
