/**
 * Parameter sets of gateway requests, notifications and return URLs: names with decoded values.
 * A Map, so that no name (`__proto__`) is special and none can be there twice.
 */
export type Parameters = ReadonlyMap<string, string>;

export interface DecodedForm {
  readonly parameters: Parameters;
  /** First name that came with two values; such a set has no one meaning and is never trusted. */
  readonly duplicate?: string;
}

const MAX_PARAMETERS = 200;

/** Decodes form-urlencoded texts (query, body) into one set, as the gateway does first. */
export function decodeForms(...texts: readonly string[]): DecodedForm {
  const parameters = new Map<string, string>();
  let duplicate: string | undefined;
  for (const text of texts) {
    for (const [name, value] of new URLSearchParams(text)) {
      // Some SDKs repeat `charset` in the query and in the form: the same value is no harm.
      const known = parameters.get(name);
      if (known !== undefined && known !== value) duplicate ??= name;
      else if (parameters.size < MAX_PARAMETERS) parameters.set(name, value);
    }
  }
  return duplicate === undefined ? { parameters } : { parameters, duplicate };
}

/** Charsets of the wire; gb2312 is a part of gbk. */
export type Charset = 'utf-8' | 'gbk';

/** Undefined for a charset the wire does not know. */
export function charsetNamed(name: string): Charset | undefined {
  switch (name.toLowerCase()) {
    case 'utf-8':
    case 'utf8':
      return 'utf-8';
    case 'gbk':
    case 'gb2312':
      return 'gbk';
    default:
      return undefined;
  }
}

/** Percent-decoding only: each character of a value is one byte of what was sent. */
export function decodeFormBytes(...texts: readonly string[]): DecodedForm {
  const parameters = new Map<string, string>();
  let duplicate: string | undefined;
  for (const text of texts) {
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const mark = pair.indexOf('=');
      const name = bytesOfPart(mark < 0 ? pair : pair.slice(0, mark));
      const value = mark < 0 ? '' : bytesOfPart(pair.slice(mark + 1));
      const known = parameters.get(name);
      if (known !== undefined && known !== value) duplicate ??= name;
      else if (parameters.size < MAX_PARAMETERS) parameters.set(name, value);
    }
  }
  return duplicate === undefined ? { parameters } : { parameters, duplicate };
}

function bytesOfPart(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  return spaced.replace(/%([0-9a-fA-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** From bytes to text, value by value. */
export function decodeValues(bytes: Parameters, charset: Charset): Map<string, string> {
  const decoder = new TextDecoder(charset);
  const parameters = new Map<string, string>();
  for (const [name, value] of bytes) {
    parameters.set(name, decoder.decode(Buffer.from(value, 'latin1')));
  }
  return parameters;
}

function percentEncoded(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9_.~-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/** Form-urlencoded, in UTF-8 unless `encode` says which bytes a text is. */
export function encodeForm(parameters: Parameters, encode?: (text: string) => Buffer): string {
  const encoded = encode
    ? (text: string) => percentEncoded(encode(text))
    : (text: string) => encodeURIComponent(text);
  let text = '';
  for (const [name, value] of parameters) {
    text += `${text === '' ? '' : '&'}${encoded(name)}=${encoded(value)}`;
  }
  return text;
}

interface TextRule {
  /** Names that are not part of the text. */
  readonly without: readonly string[];
  readonly keep_empty?: boolean;
}

/** `a=1&b=2` over decoded values, names in order: what a signature over parameters covers. */
export function canonicalText(parameters: Parameters, rule: TextRule): string {
  const names: string[] = [];
  for (const [name, value] of parameters) {
    if (rule.without.includes(name)) continue;
    if (value === '' && rule.keep_empty !== true) continue;
    names.push(name);
  }
  return names
    .sort()
    .map((name) => `${name}=${parameters.get(name) ?? ''}`)
    .join('&');
}
