import type { Method } from '../api/method.ts';
import { exchangeToken } from '../login.ts';
import { downloadCertificate, exchangeAppToken, queryAppToken } from './tokens.ts';

/** Tokens, certificates and application matters. */
const LOGIN = 'Payer login';
const THIRD_PARTY = 'Third-party applications';

export const OPEN_METHODS: readonly Method[] = [
  {
    call: 'alipay.system.oauth.token',
    v3: 'POST /v3/alipay/system/oauth/token',
    group: LOGIN,
    doc: 'https://opendocs.alipay.com/open/84bc7352_alipay.system.oauth.token',
    differs: 'Takes the one-time code only; refresh tokens are given and not taken.',
    bare: true,
    run: exchangeToken,
  },
  {
    call: 'alipay.open.auth.token.app',
    v3: 'POST /v3/alipay/open/auth/token/app',
    group: THIRD_PARTY,
    doc: 'https://opendocs.alipay.com/isv/04h3uf',
    differs: 'The code comes from the action authorizations/grant, not from a consent page.',
    run: exchangeAppToken,
  },
  {
    call: 'alipay.open.auth.token.app.query',
    v3: 'GET /v3/alipay/open/auth/token/app/query',
    group: THIRD_PARTY,
    doc: 'https://opendocs.alipay.com/isv/04hgcp',
    run: queryAppToken,
  },
  {
    call: 'alipay.open.app.alipaycert.download',
    v3: 'GET /v3/alipay/open/app/alipaycert/download',
    group: 'Certificates',
    doc: 'https://opendocs.alipay.com/apis/api_9/alipay.open.app.alipaycert.download',
    unsigned: true,
    run: downloadCertificate,
  },
];
