import type { KeyObject } from 'node:crypto';
import { type SignType, signText, verifyText } from './keys.ts';
import { canonicalText, type Parameters } from './parameters.ts';

/**
 * Signature of a gateway.do request: all parameters except `sign` and empty ones, `sign_type`
 * included, over decoded values. https://opendocs.alipay.com/common/02khjm
 */
export function requestText(parameters: Parameters): string {
  return canonicalText(parameters, { without: ['sign'] });
}

export interface CommonParameters {
  readonly app_id: string;
  readonly method: string;
  /** `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  readonly timestamp: string;
  readonly notify_url?: string;
  readonly return_url?: string;
  readonly app_auth_token?: string;
  /** Object for `biz_content`; absent for the few methods that take bare parameters. */
  readonly biz_content?: Readonly<Record<string, unknown>>;
  /** Bare parameters beside the common ones. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** The parameters of one call, without `sign` and without empty values, which never verify. */
export function requestParameters(common: CommonParameters): Map<string, string> {
  const { biz_content, extra, ...named } = common;
  const parameters = new Map<string, string>();
  const fixed = { format: 'JSON', charset: 'utf-8', sign_type: 'RSA2', version: '1.0' };
  for (const [name, value] of Object.entries({ ...fixed, ...named, ...extra })) {
    if (value !== undefined && value !== '') parameters.set(name, value);
  }
  if (biz_content) parameters.set('biz_content', JSON.stringify(biz_content));
  return parameters;
}

/** Adds `sign`, last. */
export async function signRequest(key: KeyObject, parameters: Map<string, string>): Promise<void> {
  parameters.set('sign', await signText(key, requestText(parameters)));
}

/**
 * `bytes` are the parameters as they were sent, one character a byte, because that is what was
 * signed in whatever charset.
 */
export function verifyRequest(key: KeyObject, bytes: Parameters, type: SignType = 'RSA2'): boolean {
  const text = Buffer.from(requestText(bytes), 'latin1');
  return verifyText(key, text, bytes.get('sign') ?? '', type);
}
