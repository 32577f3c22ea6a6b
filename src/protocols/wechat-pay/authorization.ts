import { SIGNATURE_TYPE } from './signature.ts';

/**
 * The Authorization header of a request: the scheme, then five quoted items in any order.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012365336
 */
export interface Authorization {
  readonly mchid: string;
  /** Serial of the merchant's API certificate, 40 hex digits. */
  readonly serial_no: string;
  readonly nonce_str: string;
  readonly timestamp: string;
  readonly signature: string;
}

const ITEMS = ['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'] as const;
const MAX_LENGTH = 4096;
const ITEM = /^\s*([a-z_]+)\s*=\s*"([^"]*)"\s*$/;

export function buildAuthorization(parts: Authorization): string {
  return `${SIGNATURE_TYPE} ${ITEMS.map((name) => `${name}="${parts[name]}"`).join(',')}`;
}

/**
 * Reads the header in any order and with blanks around items, as WeChat Pay does. Undefined when
 * the scheme is another one, or an item is missing, empty, doubled or unknown.
 */
export function parseAuthorization(header: string): Authorization | undefined {
  if (header.length > MAX_LENGTH) return undefined;
  const text = header.trim();
  const blank = text.search(/\s/);
  if (blank < 0 || text.slice(0, blank) !== SIGNATURE_TYPE) return undefined;
  const found = new Map<string, string>();
  for (const part of text.slice(blank).split(',')) {
    const [, name, value] = ITEM.exec(part) ?? [];
    if (name === undefined || !value || found.has(name)) return undefined;
    found.set(name, value);
  }
  const [mchid, nonce_str, timestamp, serial_no, signature] = ITEMS.map((name) => found.get(name));
  if (!mchid || !nonce_str || !timestamp || !serial_no || !signature) return undefined;
  if (found.size !== ITEMS.length) return undefined;
  return { mchid, nonce_str, timestamp, serial_no, signature };
}
