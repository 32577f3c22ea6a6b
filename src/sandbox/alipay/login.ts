import { GatewayRefusal } from './api/biz.ts';
import type { Alipay, LoginCode } from './books.ts';
import { newSecret, openId } from './numbers.ts';
import type { Call } from './trade/orders.ts';

/**
 * Who is the payer: the authorise page sends the browser back with a one-time code, the merchant
 * exchanges it for the user's ids. https://opendocs.alipay.com/open/84bc7352_alipay.system.oauth.token
 */
const CODE_LIFE_MS = 10 * 60_000;
const MAX_CODES = 10_000;

export interface Authorize {
  readonly app_id: string;
  readonly scope: string;
  readonly redirect_uri: string;
  readonly state: string;
}

/** The wanted authorisation; a message for the browser when it cannot be given. */
export function readAuthorize(alipay: Alipay, query: URLSearchParams): Authorize | string {
  const app_id = query.get('app_id') ?? '';
  const redirect_uri = query.get('redirect_uri') ?? '';
  const state = query.get('state') ?? '';
  const scope = query.get('scope') ?? '';
  if (!alipay.apps.has(app_id)) return 'app_id: 无效的应用 (unknown application)';
  if (!/^https?:\/\//.test(redirect_uri) || !URL.canParse(redirect_uri)) {
    return 'redirect_uri: 须为http(s)地址 (must be an http or https address)';
  }
  if (!['auth_base', 'auth_user'].includes(scope)) return 'scope: auth_base | auth_user';
  if (state.length > 200) return 'state: 超过200个字符 (too long)';
  return { app_id, scope, redirect_uri, state };
}

/** Mints the code and answers where the browser goes. */
export async function authorize(
  alipay: Alipay,
  wanted: Authorize,
  person: string,
): Promise<string> {
  const code = newSecret(alipay.options.random);
  const expires_at = alipay.options.clock.now().getTime() + CODE_LIFE_MS;
  const record: LoginCode = { code, app_id: wanted.app_id, person, expires_at };
  alipay.login_codes.put(code, record);
  if (alipay.login_codes.size > MAX_CODES) {
    for (const oldest of alipay.login_codes.values()) {
      alipay.login_codes.delete(oldest.code);
      break;
    }
  }
  await alipay.options.store.committed();
  const url = new URL(wanted.redirect_uri);
  url.searchParams.set('app_id', wanted.app_id);
  url.searchParams.set('source', 'alipay_wallet');
  url.searchParams.set('scope', wanted.scope);
  if (wanted.state !== '') url.searchParams.set('state', wanted.state);
  url.searchParams.set('auth_code', code);
  return url.href;
}

/** A code works once. Parameters are bare, not in `biz_content`; the answer has no `code` field. */
export function exchangeToken(call: Call): Record<string, unknown> {
  const { alipay, app, parameters } = call;
  if (parameters.get('grant_type') !== 'authorization_code') {
    throw new GatewayRefusal('isv.grant-type-invalid', 'grant_type: authorization_code');
  }
  const found = alipay.login_codes.get(parameters.get('code') ?? '');
  if (!found || found.app_id !== app.app_id) throw new GatewayRefusal('isv.code-invalid');
  alipay.login_codes.delete(found.code);
  const expired = alipay.options.clock.now().getTime() >= found.expires_at;
  const buyer = alipay.buyers.get(found.person);
  if (expired || !buyer) throw new GatewayRefusal('isv.code-invalid');
  return {
    user_id: buyer.user_id,
    open_id: openId(app.app_id, found.person),
    access_token: `authbse${newSecret(alipay.options.random)}`,
    expires_in: '1296000',
    refresh_token: `authbse${newSecret(alipay.options.random)}`,
    re_expires_in: '2592000',
  };
}
