import { OutboundError } from '../../outbound.ts';
import { parseWireObject, textField } from '../../protocols/wechat-pay/messages.ts';
import type { MerchantAccount } from './account.ts';
import type { Client } from './client.ts';

/**
 * Who the payer is, inside WeChat's browser: the silent OAuth of the app id, whose code is worth
 * one openid.
 * https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
 */
const MAX_ANSWER_BYTES = 16 * 1024;

export function authorizeUrl(
  account: MerchantAccount,
  options: { redirect_url: string; state: string },
): string {
  const query = new URLSearchParams({
    appid: account.appid,
    redirect_uri: options.redirect_url,
    response_type: 'code',
    scope: 'snsapi_base',
    state: options.state,
  });
  return `${account.oauth_endpoint}/connect/oauth2/authorize?${query.toString()}#wechat_redirect`;
}

export type TokenAnswer =
  | { readonly kind: 'openid'; readonly openid: string }
  | { readonly kind: 'refused'; readonly errcode: number; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

/** The code is used up by the first exchange, whatever comes of it. */
export async function exchangeCode(
  client: Client,
  account: MerchantAccount,
  code: string,
): Promise<TokenAnswer> {
  const query = new URLSearchParams({
    appid: account.appid,
    secret: account.app_secret ?? '',
    code,
    grant_type: 'authorization_code',
  });
  try {
    const answer = await client.outbound.send({
      method: 'GET',
      url: `${account.oauth_token_endpoint}/sns/oauth2/access_token?${query.toString()}`,
      headers: { Accept: 'application/json', 'User-Agent': 'hutong' },
      timeout_ms: client.environment.timeout_ms,
      max_answer_bytes: MAX_ANSWER_BYTES,
    });
    const content = parseWireObject(answer.body.toString('utf8')) ?? {};
    const openid = textField(content, 'openid');
    if (answer.status === 200 && openid) return { kind: 'openid', openid };
    const { errcode } = content;
    const message = textField(content, 'errmsg') ?? `HTTP ${answer.status}`;
    return { kind: 'refused', errcode: typeof errcode === 'number' ? errcode : 0, message };
  } catch (error) {
    // The message of an OutboundError names no part of the query, where the secret is.
    if (error instanceof OutboundError) return { kind: 'unreachable', message: error.message };
    throw error;
  }
}
