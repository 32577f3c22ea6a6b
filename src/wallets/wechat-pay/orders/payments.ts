import { shanghaiTime } from '../../../clock.ts';
import { signBridgeCall } from '../../../protocols/wechat-pay/bridge.ts';
import { fenNumber, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { newNonce, unixSeconds } from '../../../protocols/wechat-pay/signature.ts';
import type {
  CloseOutcome,
  CreateOrder,
  CreateOutcome,
  PresentationData,
  QueryOutcome,
} from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import { type Client, callWallet } from '../client.ts';
import { paymentFact } from '../facts.ts';
import { notSent, refusalCode, toOutcome, unreadable } from '../refusals.ts';

/**
 * Orders in direct mode: Native for `qr`, H5 for `h5`, JSAPI for `in_app`.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791877 (Native), 4012791834 (H5), 4012791856 (JSAPI)
 */
const ORDERS = '/v3/pay/transactions';
const KINDS = { qr: 'native', h5: 'h5', in_app: 'jsapi' } as const;
const MAX_DESCRIPTION = 127;

export async function createPayment(
  client: Client,
  account: MerchantAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  const { presentation } = order;
  if (presentation === 'page') {
    return notSent(`POST ${ORDERS}`, 'WeChat Pay has no desktop page: present a QR code.');
  }
  if (presentation === 'app' || presentation === 'mini_program') throw new Error('not offered');
  const kind = KINDS[presentation];
  const operation = `${ORDERS}/${kind}`;
  if (presentation === 'in_app' && !order.payer) {
    return notSent(`POST ${operation}`, 'An in-app payment needs the payer (openid).');
  }
  const body = createBody(account, order);
  const result = await callWallet(client, account, {
    method: 'POST',
    target: operation,
    operation,
    body,
  });
  if (result.kind !== 'answer') return toOutcome(result);
  const data = await present(client, account, { order, content: result.content });
  if (!data) return unreadable(result.trace, 'no code, link or prepay id');
  return { kind: 'presented', presentation: data, trace: result.trace };
}

/** The same order gives the same bytes on every retry, or the wallet would refuse the retry. */
function createBody(account: MerchantAccount, order: CreateOrder): WireObject {
  return {
    appid: account.appid,
    mchid: account.mchid,
    description: walletText(order.description, MAX_DESCRIPTION) || order.wallet_reference,
    out_trade_no: order.wallet_reference,
    time_expire: shanghaiTime(order.expires_at),
    notify_url: order.notify_url,
    amount: { total: fenNumber(order.amount), currency: order.currency },
    ...(order.presentation === 'in_app' ? { payer: { openid: order.payer } } : {}),
    ...(order.presentation === 'h5'
      ? { scene_info: { payer_client_ip: order.client_ip, h5_info: { type: 'Wap' } } }
      : {}),
  };
}

/** Text as WeChat Pay takes it: no control characters, nothing beyond the basic plane (emoji). */
export function walletText(text: string, max: number): string {
  return text
    .replace(/[\u{10000}-\u{10ffff}\ud800-\udfff]/gu, '')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, max);
}

async function present(
  client: Client,
  account: MerchantAccount,
  answered: { order: CreateOrder; content: WireObject },
): Promise<PresentationData | undefined> {
  const { order, content } = answered;
  const qr = textField(content, 'code_url');
  const h5_url = textField(content, 'h5_url');
  const prepay_id = textField(content, 'prepay_id');
  switch (order.presentation) {
    case 'qr':
      return qr === undefined ? undefined : { kind: 'qr', qr };
    case 'h5':
      if (h5_url === undefined) return undefined;
      return { kind: 'h5', url: `${h5_url}&redirect_url=${encodeURIComponent(order.return_url)}` };
    case 'in_app': {
      if (prepay_id === undefined) return undefined;
      const call = await signBridgeCall(account.private_key, {
        appId: account.appid,
        timeStamp: unixSeconds(client.environment.real()),
        nonceStr: newNonce(),
        package: `prepay_id=${prepay_id}`,
      });
      return { kind: 'in_app', params: { ...call } };
    }
    case 'page':
    case 'app':
    case 'mini_program':
      return undefined;
    default:
      return order.presentation satisfies never;
  }
}

export async function queryPayment(
  client: Client,
  account: MerchantAccount,
  wallet_reference: string,
): Promise<QueryOutcome> {
  const path = `${ORDERS}/out-trade-no/${encodeURIComponent(wallet_reference)}`;
  const result = await callWallet(client, account, {
    method: 'GET',
    target: `${path}?mchid=${account.mchid}`,
    operation: `${ORDERS}/out-trade-no/{out_trade_no}`,
  });
  if (result.kind === 'error' && refusalCode(result) === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  if (result.kind !== 'answer') return toOutcome(result);
  const fact = paymentFact(result.content);
  if (!fact) return unreadable(result.trace, 'fields of the order are missing');
  if (fact.wallet_reference !== wallet_reference || fact.wallet_merchant !== account.mchid) {
    return unreadable(result.trace, 'it is about another order');
  }
  return { kind: 'fact', fact, trace: result.trace };
}

export async function closePayment(
  client: Client,
  account: MerchantAccount,
  wallet_reference: string,
): Promise<CloseOutcome> {
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${ORDERS}/out-trade-no/${encodeURIComponent(wallet_reference)}/close`,
    operation: `${ORDERS}/out-trade-no/{out_trade_no}/close`,
    body: { mchid: account.mchid },
  });
  const { trace } = result;
  if (result.kind === 'answer') return { kind: 'closed', trace };
  if (result.kind === 'error') {
    const code = refusalCode(result);
    if (code === 'already_paid') return { kind: 'already_paid', trace };
    if (code === 'already_closed') return { kind: 'closed', trace };
    if (code === 'not_found') return { kind: 'not_found', trace };
  }
  return toOutcome(result);
}
