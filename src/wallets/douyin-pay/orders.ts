import { shanghaiTime } from '../../clock.ts';
import { ORDERS } from '../../protocols/douyin-pay/messages.ts';
import { signAppCall } from '../../protocols/douyin-pay/signature.ts';
import { fenNumber, textField, type WireObject } from '../../protocols/wechat-pay/messages.ts';
import type {
  CloseOutcome,
  CreateOrder,
  CreateOutcome,
  PresentationData,
  QueryOutcome,
} from '../wallet.ts';
import type { DouyinAccount } from './account.ts';
import { type Client, unreadable } from './client.ts';
import { paymentFact } from './facts.ts';

/** Orders: Native for `qr`, H5 for `h5`, APP for `app`. https://pay.douyinpay.com/wiki (基础支付) */
const KINDS = { qr: 'native', h5: 'h5', app: 'app' } as const;
const MAX_DESCRIPTION = 127;

function kindOf(presentation: CreateOrder['presentation']): keyof typeof KINDS | undefined {
  return presentation === 'qr' || presentation === 'h5' || presentation === 'app'
    ? presentation
    : undefined;
}

export async function createPayment(
  client: Client,
  account: DouyinAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  const kind = kindOf(order.presentation);
  if (!kind) {
    const trace = { operation: `POST ${ORDERS}`, duration_ms: 0, request: {} };
    const message = `Douyin Pay is not presented as ${order.presentation}.`;
    return { kind: 'refused', code: 'invalid_request', message, trace };
  }
  const target = `${ORDERS}/${KINDS[kind]}`;
  const result = await client.call(account, {
    method: 'POST',
    target,
    body: bodyOf(account, order),
  });
  if (result.kind === 'refused' && result.wallet_code === 'OUT_TRADE_NO_USED') return result;
  if (result.kind !== 'answer') return result;
  const presentation = await present(client, account, kind, result.content);
  if (!presentation) return unreadable(result.trace, 'no code, link or prepay id');
  return { kind: 'presented', presentation, trace: result.trace };
}

/** The same order gives the same bytes on every retry, or the wallet would refuse the retry. */
function bodyOf(account: DouyinAccount, order: CreateOrder): WireObject {
  const description = order.description.replace(/\p{Cc}+/gu, ' ').trim();
  return {
    appid: account.appid,
    mchid: account.mchid,
    description: description.slice(0, MAX_DESCRIPTION) || order.wallet_reference,
    out_trade_no: order.wallet_reference,
    time_expire: shanghaiTime(order.expires_at),
    notify_url: order.notify_url,
    amount: { total: fenNumber(order.amount), currency: order.currency },
    ...(order.presentation === 'h5'
      ? { scene_info: { payer_client_ip: order.client_ip, h5_info: { type: 'Wap' } } }
      : {}),
    ...(order.hold === true ? { settle_info: { profit_sharing: true } } : {}),
  };
}

async function present(
  client: Client,
  account: DouyinAccount,
  kind: keyof typeof KINDS,
  content: WireObject,
): Promise<PresentationData | undefined> {
  switch (kind) {
    case 'qr': {
      const qr = textField(content, 'code_url');
      return qr === undefined ? undefined : { kind: 'qr', qr };
    }
    case 'h5': {
      const url = textField(content, 'h5_url');
      return url === undefined ? undefined : { kind: 'h5', url };
    }
    case 'app': {
      const prepay_id = textField(content, 'prepay_id');
      if (prepay_id === undefined) return undefined;
      const { appid, mchid, private_key } = account;
      const call = { appid, mchid, prepay_id, now: client.real() };
      return { kind: 'app', params: await signAppCall(private_key, call) };
    }
    default:
      return kind satisfies never;
  }
}

export async function queryPayment(
  client: Client,
  account: DouyinAccount,
  wallet_reference: string,
): Promise<QueryOutcome> {
  const path = `${ORDERS}/out-trade-no`;
  const result = await client.call(account, {
    method: 'GET',
    target: `${path}/${encodeURIComponent(wallet_reference)}?mchid=${account.mchid}`,
    operation: `${path}/{out_trade_no}`,
  });
  if (result.kind === 'refused' && result.code === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  if (result.kind !== 'answer') return result;
  const fact = paymentFact(result.content);
  if (!fact) return unreadable(result.trace, 'fields of the order are missing');
  if (fact.wallet_reference !== wallet_reference || fact.wallet_merchant !== account.mchid) {
    return unreadable(result.trace, 'it is about another order');
  }
  return { kind: 'fact', fact, trace: result.trace };
}

export async function closePayment(
  client: Client,
  account: DouyinAccount,
  wallet_reference: string,
): Promise<CloseOutcome> {
  const path = `${ORDERS}/out-trade-no`;
  const result = await client.call(account, {
    method: 'POST',
    target: `${path}/${encodeURIComponent(wallet_reference)}/close`,
    operation: `${path}/{out_trade_no}/close`,
    body: { mchid: account.mchid },
  });
  const { trace } = result;
  if (result.kind === 'answer') {
    // A close is answered by nothing; an answer that says something is that of another call.
    const silent = Object.keys(result.content).length === 0;
    return silent ? { kind: 'closed', trace } : unreadable(trace, 'it is not that of a close');
  }
  if (result.kind !== 'refused') return result;
  if (result.code === 'already_paid') return { kind: 'already_paid', trace };
  if (result.code === 'already_closed') return { kind: 'closed', trace };
  return result.code === 'not_found' ? { kind: 'not_found', trace } : result;
}
