import { shanghaiTime } from '../../../clock.ts';
import { fenNumber, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type {
  CombinedOrder,
  CombinedOrders,
  CombinedPart,
  CombinedQueryOutcome,
} from '../../products/combined.ts';
import type { CloseOutcome, CreateOutcome, PaymentFact } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { type Client, callWallet } from '../client.ts';
import { combinedFacts } from '../facts.ts';
import { notSent, refusalCode, toOutcome, unreadable } from '../refusals.ts';
import { partyOf } from './party.ts';
import { appidFor, closeOutcome, h5Scene, settleInfo, walletText } from './payments.ts';
import { KINDS, offered, present } from './present.ts';

/**
 * Combined orders: the parts are paid all or none and told in one notification. Amounts have other
 * names than in basic orders, and every part carries an attachment.
 * https://pay.weixin.qq.com/doc/v3/partner/4012758240 (Native), 4012758208 (H5), 4012757938 (JSAPI),
 * 4012758021 (App)
 */
const ROOT = '/v3/combine-transactions';
const MAX_PARTS = 50;
/** Of a direct merchant: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter5_1_3.shtml */
const MAX_DIRECT_PARTS = 10;
const MIN_DIRECT_PARTS = 2;
const MAX_DESCRIPTION = 127;

export function combined(client: Client): CombinedOrders {
  return {
    max_parts: MAX_PARTS,
    maxParts: (account) => limitsOf(openAccount(account)).max,
    presentations: ['qr', 'h5', 'in_app', 'app', 'mini_program'],
    create: (account, order) => create(client, openAccount(account), order),
    query: (account, order) => query(client, openAccount(account), order),
    close: (account, order) => close(client, openAccount(account), order),
  };
}

async function create(
  client: Client,
  account: MerchantAccount,
  order: CombinedOrder,
): Promise<CreateOutcome> {
  const presentation = offered(order.presentation);
  const problem = problemOf(account, order);
  if (problem !== undefined) return notSent(`POST ${ROOT}`, problem);
  if (!presentation) {
    return notSent(`POST ${ROOT}`, 'WeChat Pay has no desktop page: present a QR code.');
  }
  const operation = `${ROOT}/${KINDS[presentation]}`;
  if (KINDS[presentation] === 'jsapi' && !order.payer) {
    return notSent(`POST ${operation}`, 'A payment inside WeChat needs the payer (openid).');
  }
  const body = createBody(account, order);
  const call = { method: 'POST', target: operation, operation, body } as const;
  const result = await callWallet(client, account, call);
  if (result.kind !== 'answer') return toOutcome(result);
  const data = await present(client, account, {
    presentation,
    return_url: order.return_url,
    content: result.content,
    appid: appidFor(account, order),
    partner: account.mchid,
  });
  if (!data) return unreadable(result.trace, 'no code, link or prepay id');
  return { kind: 'presented', presentation: data, trace: result.trace };
}

function limitsOf({ role }: MerchantAccount): { readonly min: number; readonly max: number } {
  if (role === 'direct') return { min: MIN_DIRECT_PARTS, max: MAX_DIRECT_PARTS };
  return { min: 1, max: MAX_PARTS };
}

/** Why the wallet would never take this order. */
function problemOf(account: MerchantAccount, { parts }: CombinedOrder): string | undefined {
  const { min, max } = limitsOf(account);
  if (parts.length < min || parts.length > max) {
    return `A combined order of a ${account.role} merchant has ${min} to ${max} parts.`;
  }
  for (const { sub_merchant } of parts) {
    const party = partyOf(account, sub_merchant);
    if ('problem' in party) return party.problem;
  }
  return undefined;
}

/** The same order gives the same bytes on every retry. */
function createBody(account: MerchantAccount, order: CombinedOrder): WireObject {
  const { presentation, payer, client_ip } = order;
  const inside = presentation === 'in_app' || presentation === 'mini_program';
  return {
    combine_appid: appidFor(account, order),
    combine_mchid: account.mchid,
    combine_out_trade_no: order.wallet_reference,
    time_expire: shanghaiTime(order.expires_at),
    notify_url: order.notify_url,
    sub_orders: order.parts.map((part) => ({
      ...nameOf(account, part),
      attach: order.wallet_reference,
      description: walletText(part.description, MAX_DESCRIPTION) || part.wallet_reference,
      amount: { total_amount: fenNumber(part.amount), currency: order.currency },
      ...settleInfo(part),
    })),
    ...(inside ? { combine_payer_info: { openid: payer } } : {}),
    ...(presentation === 'h5' ? { scene_info: h5Scene(client_ip) } : {}),
  };
}

function nameOf(account: MerchantAccount, part: CombinedPart): WireObject {
  const { sub_merchant, wallet_reference } = part;
  return {
    mchid: account.mchid,
    ...(sub_merchant === undefined ? {} : { sub_mchid: sub_merchant }),
    out_trade_no: wallet_reference,
  };
}

async function query(
  client: Client,
  account: MerchantAccount,
  order: CombinedOrder,
): Promise<CombinedQueryOutcome> {
  const result = await callWallet(client, account, {
    method: 'GET',
    target: `${ROOT}/out-trade-no/${encodeURIComponent(order.wallet_reference)}`,
    operation: `${ROOT}/out-trade-no/{combine_out_trade_no}`,
  });
  if (result.kind === 'error' && refusalCode(result) === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  if (result.kind !== 'answer') return toOutcome(result);
  const { content, trace } = result;
  const parts = combinedFacts(content);
  if (!parts) return unreadable(trace, 'fields of the parts are missing');
  const own = textField(content, 'combine_out_trade_no') === order.wallet_reference;
  if (!own || !sameParts(account, order, parts)) {
    return unreadable(trace, 'it is about another order');
  }
  return { kind: 'facts', parts, trace };
}

function sameParts(
  account: MerchantAccount,
  order: CombinedOrder,
  facts: readonly PaymentFact[],
): boolean {
  const told = new Map(facts.map((fact) => [fact.wallet_reference, fact]));
  return (
    facts.length === order.parts.length &&
    order.parts.every(({ wallet_reference, sub_merchant }) => {
      const fact = told.get(wallet_reference);
      return fact?.wallet_merchant === account.mchid && fact.sub_merchant === sub_merchant;
    })
  );
}

async function close(
  client: Client,
  account: MerchantAccount,
  order: CombinedOrder,
): Promise<CloseOutcome> {
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${ROOT}/out-trade-no/${encodeURIComponent(order.wallet_reference)}/close`,
    operation: `${ROOT}/out-trade-no/{combine_out_trade_no}/close`,
    body: {
      combine_appid: account.appid,
      sub_orders: order.parts.map((part) => nameOf(account, part)),
    },
  });
  return closeOutcome(result);
}
