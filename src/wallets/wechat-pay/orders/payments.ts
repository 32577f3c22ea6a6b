import { shanghaiTime } from '../../../clock.ts';
import { fenNumber, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { CloseOutcome, CreateOrder, CreateOutcome, QueryOutcome } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import { ask } from '../ask.ts';
import { type CallResult, type Client, callWallet } from '../client.ts';
import { paymentFact } from '../facts.ts';
import { notSent, refusalCode, toOutcome, unreadable } from '../refusals.ts';
import { type Party, partyOf, queryOf } from './party.ts';
import { KINDS, offered, present } from './present.ts';

/**
 * Orders, direct or for a seller: Native for `qr`, H5 for `h5`, JSAPI for `in_app` and
 * `mini_program`, App for `app`.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791877 (Native), 4012791834 (H5), 4012791856
 * (JSAPI), 4013070347 (App); for sellers https://pay.weixin.qq.com/doc/v3/partner/4012738519
 */
const MAX_DESCRIPTION = 127;

export async function createPayment(
  client: Client,
  account: MerchantAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  const presentation = offered(order.presentation);
  const party = partyOf(account, order.sub_merchant);
  if ('problem' in party) return notSent('POST /v3/pay/transactions', party.problem);
  if (!presentation) {
    return notSent(`POST ${party.root}`, 'WeChat Pay has no desktop page: present a QR code.');
  }
  const kind = KINDS[presentation];
  const operation = `${party.root}/${kind}`;
  if (kind === 'jsapi' && !order.payer) {
    return notSent(`POST ${operation}`, 'A payment inside WeChat needs the payer (openid).');
  }
  const result = await callWallet(client, account, {
    method: 'POST',
    target: operation,
    operation,
    body: createBody(account, party, order),
  });
  if (result.kind !== 'answer') return toOutcome(result);
  const data = await present(client, account, {
    presentation,
    return_url: order.return_url,
    content: result.content,
    appid: ownAppid(party, order) ?? appidFor(account, order),
    partner: party.sub_merchant ?? account.mchid,
  });
  if (!data) return unreadable(result.trace, 'no code, link or prepay id');
  return { kind: 'presented', presentation: data, trace: result.trace };
}

/**
 * The seller's own app id, where the payer pays in the seller's own app or mini program: the id of
 * the payer is the one there. A page inside WeChat learns it at the account's app id.
 */
function ownAppid(party: Party, { presentation }: CreateOrder): string | undefined {
  const own = presentation === 'app' || presentation === 'mini_program';
  return own ? party.sub_appid : undefined;
}

/** The merchant's own app id for where the payer pays. */
export function appidFor(
  { appid, appids }: MerchantAccount,
  { presentation }: Pick<CreateOrder, 'presentation'>,
): string {
  return appids.get(presentation) ?? appid;
}

/** The same order gives the same bytes on every retry, or the wallet would refuse the retry. */
function createBody(account: MerchantAccount, party: Party, order: CreateOrder): WireObject {
  const sub_appid = ownAppid(party, order);
  return {
    ...party.ids,
    [party.sub_merchant === undefined ? 'appid' : 'sp_appid']: appidFor(account, order),
    ...(sub_appid === undefined ? {} : { sub_appid }),
    description: walletText(order.description, MAX_DESCRIPTION) || order.wallet_reference,
    out_trade_no: order.wallet_reference,
    time_expire: shanghaiTime(order.expires_at),
    notify_url: order.notify_url,
    amount: { total: fenNumber(order.amount), currency: order.currency },
    ...(KINDS[offered(order.presentation) ?? 'qr'] === 'jsapi'
      ? { payer: { [payerField(party, sub_appid)]: order.payer } }
      : {}),
    ...(order.presentation === 'h5' ? { scene_info: h5Scene(order.client_ip) } : {}),
    ...settleInfo(order),
  };
}

/** What becomes of the money: nothing is said of money that is the merchant's at once. */
export function settleInfo(order: Pick<CreateOrder, 'hold' | 'max_subsidy'>): WireObject {
  if (order.hold !== true) return {};
  const { max_subsidy } = order;
  const subsidy = max_subsidy === undefined ? {} : { subsidy_amount: fenNumber(max_subsidy) };
  return { settle_info: { profit_sharing: true, ...subsidy } };
}

function payerField(party: Party, sub_appid: string | undefined): string {
  if (party.sub_merchant === undefined) return 'openid';
  return sub_appid === undefined ? 'sp_openid' : 'sub_openid';
}

export function h5Scene(client_ip: string): WireObject {
  return { payer_client_ip: client_ip, h5_info: { type: 'Wap' } };
}

/** Text as WeChat Pay takes it: no control characters, nothing beyond the basic plane (emoji). */
export function walletText(text: string, max: number): string {
  return text
    .replace(/[\u{10000}-\u{10ffff}\ud800-\udfff]/gu, '')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, max);
}

/** Which order of an account: its number, and the seller it was made for. */
export interface OrderName {
  readonly wallet_reference: string;
  readonly sub_merchant?: string | undefined;
}

export async function queryPayment(
  client: Client,
  account: MerchantAccount,
  order: OrderName,
): Promise<QueryOutcome> {
  const { wallet_reference } = order;
  const party = partyOf(account, order.sub_merchant);
  if ('problem' in party) return notSent('GET /v3/pay/transactions', party.problem);
  const path = `${party.root}/out-trade-no`;
  const call = {
    method: 'GET',
    target: `${path}/${encodeURIComponent(wallet_reference)}?${queryOf(party)}`,
    operation: `${path}/{out_trade_no}`,
  } as const;
  return ask(client, account, {
    call,
    read: (content) => {
      const fact = paymentFact(content);
      if (!fact) return 'fields of the order are missing';
      const same =
        fact.wallet_reference === wallet_reference &&
        fact.wallet_merchant === account.mchid &&
        fact.sub_merchant === party.sub_merchant;
      return same ? fact : 'it is about another order';
    },
  });
}

/** A close is answered by nothing; an answer that says something is that of another call. */
export function closeOutcome(result: CallResult): CloseOutcome {
  const { trace } = result;
  if (result.kind === 'answer') {
    const silent = Object.keys(result.content).length === 0;
    return silent ? { kind: 'closed', trace } : unreadable(trace, 'it is not that of a close');
  }
  const code = result.kind === 'error' ? refusalCode(result) : undefined;
  switch (code) {
    case 'already_closed':
      return { kind: 'closed', trace };
    case 'already_paid':
    case 'not_found':
      return { kind: code, trace };
    default:
      return toOutcome(result);
  }
}

export async function closePayment(
  client: Client,
  account: MerchantAccount,
  order: OrderName,
): Promise<CloseOutcome> {
  const party = partyOf(account, order.sub_merchant);
  if ('problem' in party) return notSent('POST /v3/pay/transactions', party.problem);
  const path = `${party.root}/out-trade-no`;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${path}/${encodeURIComponent(order.wallet_reference)}/close`,
    operation: `${path}/{out_trade_no}/close`,
    body: party.numbers,
  });
  return closeOutcome(result);
}
