import type { PayerLogin } from '../products/payer-login.ts';
import { openAccount } from './account.ts';
import type { Gateway } from './gateway.ts';

/**
 * Who the payer is, inside the wallet's own browser, silently (`auth_base`).
 * https://opendocs.alipay.com/open/84bc7352_alipay.system.oauth.token
 */
export function payerLogin(gateway: Gateway): PayerLogin {
  return {
    code_parameter: 'auth_code',
    authorizeUrl(account, options) {
      const { app_id, oauth_endpoint } = openAccount(account);
      const url = new URL('/oauth2/publicAppAuthorize.htm', oauth_endpoint);
      url.searchParams.set('app_id', app_id);
      url.searchParams.set('scope', 'auth_base');
      url.searchParams.set('redirect_uri', options.redirect_url);
      url.searchParams.set('state', options.state);
      return url.href;
    },
    async exchangeCode(account, code) {
      const answer = await gateway.call(openAccount(account), {
        method: 'alipay.system.oauth.token',
        extra: { grant_type: 'authorization_code', code },
      });
      if (answer.kind !== 'answered' || answer.code !== '10000') return undefined;
      // Applications made since 2023 get an open id; older ones the user id.
      const { open_id, user_id } = answer.value;
      const id = typeof open_id === 'string' && open_id !== '' ? open_id : user_id;
      return typeof id === 'string' && id !== '' ? id : undefined;
    },
  };
}
