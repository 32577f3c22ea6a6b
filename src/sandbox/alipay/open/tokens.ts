import { shanghaiStamp } from '../../../clock.ts';
import { type Biz, GatewayRefusal, optionalText, requiredText } from '../api/biz.ts';
import type { Call } from '../trade/orders.ts';
import type { AppAuthorization } from './authorizations.ts';

/** Tokens by which a third party's application acts for merchants. */
const YEAR_SECONDS = 365 * 86_400;
/** An authorisation of this sandbox allows every call. */
const ALLOWED = ['alipay.trade.*', 'alipay.data.*', 'alipay.fund.*'] as const;
const RULE = { max: 64 } as const;

function fieldsOf(authorization: AppAuthorization): Record<string, unknown> {
  const { token, refresh_token, auth_app_id, user_id } = authorization;
  return {
    app_auth_token: token,
    app_refresh_token: refresh_token,
    auth_app_id,
    user_id,
    expires_in: YEAR_SECONDS,
    re_expires_in: YEAR_SECONDS + 7 * 86_400,
  };
}

function fromCode({ alipay, app }: Call, biz: Biz): AppAuthorization {
  const code = requiredText(biz, 'code', RULE);
  const taken = alipay.authorizations.takeCode(app, code);
  if (taken === 'unknown') throw new GatewayRefusal('AUTH_CODE_NOT_EXIST');
  if (taken === 'expired') throw new GatewayRefusal('AUTH_CODE_NOT_VALID');
  return taken;
}

function fromRefresh({ alipay, app }: Call, biz: Biz): AppAuthorization {
  const token = requiredText(biz, 'refresh_token', RULE);
  const renewed = alipay.authorizations.refresh(app, token);
  if (!renewed) throw new GatewayRefusal('REFRESH_TOKEN_NOT_EXIST');
  return renewed;
}

/** A code works once, a refresh token as long as its authorisation. */
export function exchangeAppToken(call: Call): Record<string, unknown> {
  const { biz } = call;
  const grant_type = optionalText(biz, 'grant_type', RULE);
  if (grant_type === 'authorization_code') {
    const fields = fieldsOf(fromCode(call, biz));
    return { ...fields, tokens: [fields] };
  }
  if (grant_type !== 'refresh_token') throw new GatewayRefusal('GRANT_TYPE_INVALID');
  const fields = fieldsOf(fromRefresh(call, biz));
  return { ...fields, tokens: [fields] };
}

export function queryAppToken({ alipay, app, biz }: Call): Record<string, unknown> {
  const token = requiredText(biz, 'app_auth_token', RULE);
  const found = alipay.authorizations.find(token);
  if (!found || found.app_id !== app.app_id) throw new GatewayRefusal('AUTH_TOKEN_NOT_FOUND');
  const valid = !found.revoked && alipay.options.clock.now().getTime() < found.until;
  return {
    user_id: found.user_id,
    auth_app_id: found.auth_app_id,
    expires_in: YEAR_SECONDS,
    auth_methods: ALLOWED,
    auth_start: shanghaiStamp(new Date(found.from)),
    auth_end: shanghaiStamp(new Date(found.until)),
    status: valid ? 'valid' : 'invalid',
    is_by_app_auth: true,
  };
}

/** https://opendocs.alipay.com/apis/api_9/alipay.open.app.alipaycert.download */
export function downloadCertificate({ alipay, app, biz }: Call): Record<string, unknown> {
  const sn = requiredText(biz, 'alipay_cert_sn', { max: 128 });
  const own = alipay.apps.get(app.app_id) ?? app;
  const certificate = alipay.keyring.certificate(own, sn);
  if (certificate === undefined) throw new GatewayRefusal('isv.alipay-cert-not-exist');
  return { alipay_cert_content: Buffer.from(certificate, 'utf8').toString('base64') };
}
