import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { XMLParser, XMLValidator } from 'fast-xml-parser';

/**
 * What is left of the second version of the API: flat XML documents whose signature covers the
 * sorted, non-empty parameters and the merchant's v2 key.
 * https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export type V2Parameters = Readonly<Record<string, string>>;

export const V2_SIGN_TYPES = ['MD5', 'HMAC-SHA256'] as const;
export type V2SignType = (typeof V2_SIGN_TYPES)[number];

/** `a=1&b=2&key=…`: names in ASCII order, neither empty values nor `sign` itself. */
export function v2Message(parameters: V2Parameters, key: string): string {
  const names = Object.keys(parameters).filter(
    (name) => name !== 'sign' && parameters[name] !== '',
  );
  // The order of code units is that of bytes for the ASCII names of this API.
  const pairs = names.sort().map((name) => `${name}=${parameters[name]}`);
  return [...pairs, `key=${key}`].join('&');
}

/** Upper-case hex. */
export function v2Sign(parameters: V2Parameters, key: string, type: V2SignType): string {
  const message = v2Message(parameters, key);
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(message, 'utf8').digest('hex').toUpperCase();
}

/** False also where the signature is missing; the type is the caller's, never the message's own. */
export function v2Verify(parameters: V2Parameters, key: string, type: V2SignType): boolean {
  const given = Buffer.from(parameters.sign ?? '');
  const wanted = Buffer.from(v2Sign(parameters, key, type));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** The parameters with a fresh nonce, the type of the signature, and the signature. */
export function v2Signed(
  parameters: V2Parameters,
  key: string,
  type: V2SignType,
): Record<string, string> {
  const whole = { ...parameters, nonce_str: randomBytes(16).toString('hex'), sign_type: type };
  return { ...whole, sign: v2Sign(whole, key, type) };
}

const MAX_XML_BYTES = 64 * 1024;
const MAX_FIELDS = 200;
/** Start, section and end of each field, and the document's own. */
const MAX_BRACKETS = 3 * MAX_FIELDS + 8;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** `<xml><name>value</name>…</xml>`, values escaped; empty values are left out. */
export function buildXml(parameters: V2Parameters): string {
  let text = '<xml>';
  for (const [name, value] of Object.entries(parameters)) {
    if (!NAME.test(name)) throw new RangeError(`${name.slice(0, 64)} is no name of an element`);
    if (value !== '') text += `<${name}>${escaped(value)}</${name}>`;
  }
  return `${text}</xml>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** No declarations of types or entities can get here, so only the five entities of XML exist. */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: true,
  htmlEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/**
 * Undefined when the text is not one flat `<xml>` document: larger than the limit, with a document
 * type, an entity declaration, a doubled or a nested element, or not well-formed.
 */
export function parseXml(text: string): Record<string, string> | undefined {
  if (Buffer.byteLength(text) > MAX_XML_BYTES || /<!(?!\[CDATA\[)/.test(text)) return undefined;
  // What the parser below makes of deep or crowded documents takes longer than they deserve.
  if (text.split('<', MAX_BRACKETS + 2).length > MAX_BRACKETS + 1) return undefined;
  if (XMLValidator.validate(text) !== true) return undefined;
  let root: unknown;
  try {
    const document: unknown = parser.parse(text);
    if (typeof document !== 'object' || document === null || !('xml' in document)) return undefined;
    root = document.xml;
  } catch {
    return undefined;
  }
  if (typeof root !== 'object' || root === null) return undefined;
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(root)) {
    if (name === '#text' && typeof value === 'string' && value.trim() === '') continue;
    if (!NAME.test(name) || typeof value !== 'string' || found.size === MAX_FIELDS) {
      return undefined;
    }
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
