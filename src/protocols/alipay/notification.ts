import type { KeyObject } from 'node:crypto';
import { signText, verifyText } from './keys.ts';
import { canonicalText, type Parameters } from './parameters.ts';

/**
 * Asynchronous notifications and the parameters of a return URL share one signature: all
 * parameters except `sign` and `sign_type`, over values decoded exactly once.
 * https://opendocs.alipay.com/open/270/105902
 */
const UNSIGNED = ['sign', 'sign_type'] as const;

/** The only body that stops the wallet from sending again. */
export const ACKNOWLEDGED = 'success';

/** How a text becomes the bytes that are signed; UTF-8 unless told otherwise. */
export type Encode = (text: string) => Buffer;

export interface NotificationOptions {
  readonly encode?: Encode;
  /** Goes with the text but is not covered, as some of the wallet's SDKs expect. */
  readonly alipay_cert_sn?: string;
}

/**
 * The signed parameter set, ready to be encoded. Empty values are left out, because verifiers in
 * the field disagree on whether they count.
 */
export async function signNotification(
  key: KeyObject,
  content: Readonly<Record<string, string | undefined>>,
  options: NotificationOptions = {},
): Promise<Map<string, string>> {
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(content)) {
    if (value !== undefined && value !== '') parameters.set(name, value);
  }
  parameters.set('sign_type', 'RSA2');
  const text = canonicalText(parameters, { without: UNSIGNED });
  parameters.set('sign', await signText(key, options.encode?.(text) ?? text));
  const { alipay_cert_sn } = options;
  if (alipay_cert_sn !== undefined) parameters.set('alipay_cert_sn', alipay_cert_sn);
  return parameters;
}

/** The texts that the wallet's own SDKs verify, each leaving something else out. */
const READINGS = [
  UNSIGNED,
  [...UNSIGNED, 'alipay_cert_sn'],
  // Messages of the message channel keep sign_type.
  ['sign'],
  ['sign', 'alipay_cert_sn'],
] as const;

/**
 * Verifies over the raw decoded set. Whether empty values, `sign_type` and `alipay_cert_sn` are
 * covered is told differently by the wallet's own SDKs, so each reading is tried; all need the
 * same private key.
 */
export function verifyNotification(
  key: KeyObject,
  parameters: Parameters,
  encode?: Encode,
): boolean {
  const sign = parameters.get('sign');
  if (sign === undefined || parameters.get('sign_type') !== 'RSA2') return false;
  const readings = new Set<string>();
  for (const without of READINGS) {
    for (const keep_empty of [false, true]) {
      readings.add(canonicalText(parameters, { without, keep_empty }));
    }
  }
  for (const text of readings) {
    if (verifyText(key, encode?.(text) ?? text, sign)) return true;
  }
  return false;
}
