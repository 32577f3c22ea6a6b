import {
  type Authorization,
  parseAuthorization,
} from '../../../protocols/wechat-pay/authorization.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { isFresh, requestMessage, rsaVerify } from '../../../protocols/wechat-pay/signature.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { parameterError, WechatPayRefusal } from './refusal.ts';

/** One request to the API exactly as it arrived. */
export interface ApiCall {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Claim {
  readonly merchant: Merchant;
  readonly authorization: Authorization;
  /** What the signature must cover: the body, or the `meta` of an upload. */
  readonly signed: Buffer;
}

/** Who says to be calling. Throws the 401 of a header that names no merchant. */
export function identify(context: SandboxContext, call: ApiCall): Omit<Claim, 'signed'> {
  const authorization = parseAuthorization(header(call, 'authorization'));
  if (!authorization) {
    throw signError('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》', {
      field: 'Authorization',
      issue: 'malformed',
      location: 'header',
    });
  }
  const merchant = context.merchants.get(authorization.mchid);
  if (!merchant) {
    throw signError('Http头Authorization中的mchid不存在', {
      field: 'mchid',
      value: authorization.mchid.slice(0, 32),
      issue: 'unknown mchid',
      location: 'authorization',
    });
  }
  return { merchant, authorization };
}

/** The string this side verifies. */
export function expectedMessage(call: ApiCall, { authorization, signed }: Claim): Buffer {
  return requestMessage({
    method: call.method,
    target: call.target,
    timestamp: authorization.timestamp,
    nonce: authorization.nonce_str,
    body: signed,
  });
}

/** Throws unless serial, time and signature are right and the headers are those of the API. */
export function authenticate(context: SandboxContext, call: ApiCall, claim: Claim): void {
  const { merchant, authorization } = claim;
  const serial = authorization.serial_no.toUpperCase();
  const certificate = merchant.certificates.find((each) => each.serial_no === serial);
  if (!certificate || certificate.revoked) {
    throw signError('商户证书序列号有误，请使用签名私钥匹配的证书序列号', {
      field: 'serial_no',
      value: authorization.serial_no.slice(0, 64),
      issue: certificate
        ? 'certificate is revoked'
        : 'serial_no is not a certificate of this mchid',
      location: 'authorization',
    });
  }
  if (!isFresh(authorization.timestamp, context.clock.real())) {
    throw signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟', {
      field: 'timestamp',
      value: authorization.timestamp.slice(0, 32),
      issue: 'more than 5 minutes from server time',
      location: 'authorization',
    });
  }
  const message = expectedMessage(call, claim);
  if (!rsaVerify(certificate.verify_key, message, authorization.signature)) {
    throw signError('错误的签名，验签失败', wrongSignature(call, message));
  }
}

const SHOWN_MESSAGE_BYTES = 1024;

/** Shows the developer the string that the server signed. */
function wrongSignature(call: ApiCall, message: Buffer): object {
  return {
    detail: { issue: 'sign not match' },
    field: 'signature',
    location: 'authorization',
    sign_information: {
      method: call.method,
      sign_message_length: message.length,
      truncated_sign_message: message.subarray(0, SHOWN_MESSAGE_BYTES).toString('utf8'),
      url: call.target,
    },
  };
}

function signError(message: string, detail: object): WechatPayRefusal {
  return new WechatPayRefusal(401, 'SIGN_ERROR', INTERNAL_CODE.signature, message, detail);
}

/** Throws unless the headers beside Authorization are those of the API. */
export function checkHeaders(
  context: SandboxContext,
  call: ApiCall,
  { merchant, upload }: { merchant: Merchant; upload: boolean },
): void {
  const accept = header(call, 'accept');
  if (!/application\/(?:json|\*)|\*\/\*/.test(accept) || header(call, 'user-agent') === '') {
    throw headerError('Accept', accept, 'Http头缺少Accept或User-Agent');
  }
  const type = header(call, 'content-type');
  const wanted = upload ? /^multipart\/form-data\b/i : /^application\/json\b/i;
  if (call.method === 'POST' && call.body.length > 0 && !wanted.test(type)) {
    const name = upload ? 'multipart/form-data' : 'application/json';
    throw headerError('Content-Type', type, `Http头Content-Type必须是${name}`);
  }
  const serial = header(call, 'wechatpay-serial');
  if (serial !== '' && !context.keys.knows(merchant, serial)) {
    throw headerError(
      'Wechatpay-Serial',
      serial,
      'Http头Wechatpay-Serial不是该商户可用的微信支付公钥ID或平台证书序列号',
    );
  }
}

function headerError(field: string, value: string, message: string): WechatPayRefusal {
  const shown = value.slice(0, 128);
  return parameterError({ field, value: shown, issue: 'invalid', location: 'header', message });
}

/** Empty when it is missing. */
export function header(call: ApiCall, name: string): string {
  const value = call.headers[name];
  return typeof value === 'string' ? value : '';
}
