import type { KeyObject } from 'node:crypto';
import { signText, verifyText } from './keys.ts';
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

export type RequestVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The text this side built. */
      readonly text: string;
      /** What the signer probably did, when another reading of the rule fits the signature. */
      readonly likely?: 'signed_empty_values' | 'dropped_sign_type';
      /** Names of the parameters that are present and empty. */
      readonly empty: readonly string[];
    };

export function verifyRequest(key: KeyObject, parameters: Parameters): RequestVerdict {
  const sign = parameters.get('sign') ?? '';
  const text = requestText(parameters);
  if (verifyText(key, text, sign)) return { ok: true };
  const empty = [...parameters].filter(([, value]) => value === '').map(([name]) => name);
  const wrong = { ok: false as const, text, empty };
  if (empty.length > 0) {
    const unfiltered = canonicalText(parameters, { without: ['sign'], keep_empty: true });
    if (verifyText(key, unfiltered, sign)) return { ...wrong, likely: 'signed_empty_values' };
  }
  const untyped = canonicalText(parameters, { without: ['sign', 'sign_type'] });
  if (verifyText(key, untyped, sign)) return { ...wrong, likely: 'dropped_sign_type' };
  return wrong;
}
