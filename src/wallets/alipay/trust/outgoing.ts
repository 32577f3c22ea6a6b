import { randomUUID } from 'node:crypto';
import { shanghaiStamp } from '../../../clock.ts';
import { encryptContent } from '../../../protocols/alipay/content.ts';
import { buildMultipart } from '../../../protocols/alipay/multipart.ts';
import { encodeForm } from '../../../protocols/alipay/parameters.ts';
import { requestParameters, signRequest } from '../../../protocols/alipay/request.ts';
import { authorization, authText, v3Path, v3Verb } from '../../../protocols/alipay/v3.ts';
import type { AlipayAccount } from '../account.ts';

/** One call of a method, whichever protocol carries it. */
export interface GatewayCall {
  /** Dotted name: also the key of the table of calls, and the operation of the trace. */
  readonly method: string;
  readonly notify_url?: string;
  readonly return_url?: string;
  readonly biz_content?: Readonly<Record<string, unknown>>;
  /** Parameters that gateway.do takes beside `biz_content`. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Sent as a part of its own, under this name; not signed. */
  readonly file?: { readonly name: string; readonly filename: string; readonly bytes: Buffer };
}

export interface Outgoing {
  readonly verb: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly encrypted: boolean;
}

const FORM = 'application/x-www-form-urlencoded;charset=utf-8';

function certificateNames(account: AlipayAccount): Record<string, string> {
  const { trust } = account;
  if (trust.mode === 'key') return {};
  return { app_cert_sn: trust.app_cert_sn, alipay_root_cert_sn: trust.alipay_root_cert_sn };
}

/** All parameters of a gateway.do call, signed; what a page link carries and a call posts. */
export async function signedParameters(
  account: AlipayAccount,
  call: GatewayCall,
  real: Date,
): Promise<Map<string, string>> {
  const { method, notify_url, return_url, biz_content, extra } = call;
  const { app_auth_token } = account;
  const parameters = requestParameters({
    app_id: account.app_id,
    method,
    timestamp: shanghaiStamp(real),
    ...(notify_url !== undefined && { notify_url }),
    ...(return_url !== undefined && { return_url }),
    ...(app_auth_token !== undefined && { app_auth_token }),
    ...(biz_content && { biz_content }),
    extra: { ...certificateNames(account), ...extra },
  });
  const content = parameters.get('biz_content');
  if (content !== undefined && isEncrypted(account, call)) {
    parameters.set('biz_content', encryptContent(account.aes_key, content));
    parameters.set('encrypt_type', 'AES');
  }
  await signRequest(account.private_key, parameters);
  return parameters;
}

/** Everything with content, once the account has a key for it; files cannot be. */
function isEncrypted(
  account: AlipayAccount,
  call: GatewayCall,
): account is AlipayAccount & { aes_key: Buffer } {
  return account.aes_key !== undefined && call.biz_content !== undefined && !call.file;
}

async function forGateway(
  account: AlipayAccount,
  call: GatewayCall,
  real: Date,
): Promise<Outgoing> {
  const { file } = call;
  if (!file) {
    const body = encodeForm(await signedParameters(account, call, real));
    return {
      verb: 'POST',
      url: account.gateway,
      headers: { 'content-type': FORM, accept: 'application/json' },
      body,
      encrypted: isEncrypted(account, call),
    };
  }
  const parameters = await signedParameters(account, call, real);
  const { content_type, body } = buildMultipart([
    { ...file, content_type: 'application/octet-stream' },
  ]);
  const joint = account.gateway.includes('?') ? '&' : '?';
  return {
    verb: 'POST',
    url: `${account.gateway}${joint}${encodeForm(parameters)}`,
    headers: { 'content-type': content_type, accept: 'application/json' },
    body,
    encrypted: false,
  };
}

function queryOf(content: Readonly<Record<string, unknown>>): string {
  const query = new Map<string, string>();
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined || value === null || value === '') continue;
    query.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return query.size === 0 ? '' : `?${encodeForm(query)}`;
}

interface Content {
  readonly target: string;
  /** What is signed as body. */
  readonly signed: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly encrypted: boolean;
}

function v3Content(account: AlipayAccount, call: GatewayCall, verb: 'GET' | 'POST'): Content {
  const path = v3Path(call.method);
  const { notify_url, return_url } = call;
  const content = {
    ...call.biz_content,
    ...call.extra,
    ...(notify_url !== undefined && { notify_url }),
    ...(return_url !== undefined && { return_url }),
  };
  if (verb === 'GET') {
    return { target: path + queryOf(content), signed: '', headers: {}, encrypted: false };
  }
  const text = JSON.stringify(content);
  if (call.file) {
    const { content_type, body } = buildMultipart([
      { name: 'data', content_type: 'application/json', bytes: Buffer.from(text, 'utf8') },
      { ...call.file, content_type: 'application/octet-stream' },
    ]);
    const headers = { 'content-type': content_type };
    return { target: path, signed: text, headers, body, encrypted: false };
  }
  if (!isEncrypted(account, call)) {
    const headers = { 'content-type': 'application/json' };
    return { target: path, signed: text, headers, body: text, encrypted: false };
  }
  const hidden = encryptContent(account.aes_key, text);
  const headers = { 'content-type': 'text/plain', 'alipay-encrypt-type': 'AES' };
  return { target: path, signed: hidden, headers, body: hidden, encrypted: true };
}

async function forV3(account: AlipayAccount, call: GatewayCall, real: Date): Promise<Outgoing> {
  const verb = v3Verb(call.method);
  const content = v3Content(account, call, verb);
  const { trust, app_auth_token } = account;
  const auth = authText({
    app_id: account.app_id,
    ...(trust.mode === 'certificate' && { app_cert_sn: trust.app_cert_sn }),
    nonce: randomUUID(),
    timestamp: real.getTime().toString(),
  });
  const header = await authorization(account.private_key, {
    auth,
    verb,
    target: content.target,
    body: content.signed,
    ...(app_auth_token !== undefined && { app_auth_token }),
  });
  return {
    verb,
    url: new URL(account.gateway).origin + content.target,
    headers: {
      accept: 'application/json',
      authorization: header,
      'alipay-request-id': randomUUID().replaceAll('-', ''),
      ...(trust.mode === 'certificate' && { 'alipay-root-cert-sn': trust.alipay_root_cert_sn }),
      ...(app_auth_token !== undefined && { 'alipay-app-auth-token': app_auth_token }),
      ...content.headers,
    },
    ...(content.body !== undefined && { body: content.body }),
    encrypted: content.encrypted,
  };
}

/** The HTTP request of a call. https://opendocs.alipay.com/common/02kf5q */
export function outgoing(account: AlipayAccount, call: GatewayCall, real: Date): Promise<Outgoing> {
  return account.protocol === 'v3' ? forV3(account, call, real) : forGateway(account, call, real);
}
