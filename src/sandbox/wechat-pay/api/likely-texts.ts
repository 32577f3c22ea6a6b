import { parseWireObject } from '../../../protocols/wechat-pay/messages.ts';
import { type ApiCall, type Claim, header } from './authentication.ts';

/**
 * The texts that merchants sign by mistake instead of the right one: a line that was changed after
 * or before signing, or lines joined otherwise. Each part has its usual variants; every combination
 * of two of them is tried.
 */
export interface LikelyText {
  readonly text: Buffer;
  readonly hint: string;
}

interface Variant<T> {
  readonly value: T;
  /** Empty for the right value. */
  readonly hint: string;
}

const MAX_MILLISECONDS = 1000;
/** Larger bodies are tried in their own variants alone. */
const COMBINED_BYTES = 8 * 1024;

export function* likelyTexts(call: ApiCall, claim: Claim): Generator<LikelyText> {
  const { timestamp, nonce_str } = claim.authorization;
  const bodies = bodyVariants(call, claim.signed);
  const targets = targetVariants(call);
  const few = claim.signed.length > COMBINED_BYTES;
  for (const target of targets) {
    for (const body of bodies) {
      if (few && target.hint !== '' && body.hint !== '') continue;
      const lines = [call.method, target.value, timestamp, nonce_str, body.value];
      for (const { value: text, hint } of layouts(lines)) {
        const hints = [target.hint, body.hint, hint].filter((each) => each !== '');
        if (hints.length === 0 || hints.length > 2) continue;
        yield { text: Buffer.from(text, 'utf8'), hint: hints.join(' Also: ') };
      }
    }
  }
  yield* milliseconds(call, claim);
}

/** How the five lines become one text. */
function layouts(lines: readonly string[]): Variant<string>[] {
  const [method = '', target = '', timestamp = '', nonce = '', body = ''] = lines;
  const all = `${lines.join('\n')}\n`;
  return [
    { value: all, hint: '' },
    { value: lines.join('\n'), hint: 'The last line must end in a line feed as well.' },
    { value: `${lines.join('\r\n')}\r\n`, hint: 'Lines must end in LF, not in CR LF.' },
    {
      value: all.replaceAll('\n', '\\n'),
      hint: 'Lines must end in a line feed, not in a \\ and n.',
    },
    { value: lines.join(''), hint: 'Each line must end in a line feed.' },
    {
      value: `${[method, target, timestamp, nonce].join('\n')}\n`,
      hint: 'The body has its own line, also when it is empty.',
    },
    {
      value: `${[method.toLowerCase(), target, timestamp, nonce, body].join('\n')}\n`,
      hint: 'The method must be in capitals.',
    },
    {
      value: `${[method, target, nonce, timestamp, body].join('\n')}\n`,
      hint: 'The timestamp comes before the nonce.',
    },
    {
      value: `${[timestamp, nonce, body].join('\n')}\n`,
      hint: 'This is the text of an answer: a request begins with method and path.',
    },
  ];
}

function targetVariants(call: ApiCall): Variant<string>[] {
  const { target } = call;
  const [path = '', query] = target.split('?', 2);
  const host = header(call, 'host');
  const variants: Variant<string>[] = [{ value: target, hint: '' }];
  const add = (value: string | undefined, hint: string) => {
    if (value !== undefined && !variants.some((known) => known.value === value)) {
      variants.push({ value, hint });
    }
  };
  if (query !== undefined) add(path, 'The query was left out of the signed text.');
  add(decoded(target), 'The path was signed decoded: sign it as it is sent.');
  add(encodeURI(target), 'The path was encoded once more before it was signed.');
  add(encodeURIComponent(target), 'The path was encoded once more before it was signed.');
  const hint = 'Host and scheme do not belong into the signed text, only path and query.';
  for (const scheme of ['https://', 'http://', '']) add(`${scheme}${host}${target}`, hint);
  for (const real of ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com']) {
    add(`https://${real}${target}`, hint);
  }
  add(target.slice(1), 'The path was signed without its leading slash.');
  add(target.replace(/^\/v3/, ''), 'The path was signed without /v3.');
  add(
    `${path}/${query === undefined ? '' : `?${query}`}`,
    'The path was signed with a slash more.',
  );
  return variants;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function bodyVariants(call: ApiCall, signed: Buffer): Variant<string>[] {
  const text = signed.toString('utf8');
  const variants: Variant<string>[] = [{ value: text, hint: '' }];
  const add = (value: string, hint: string) => {
    if (!variants.some((known) => known.value === value)) variants.push({ value, hint });
  };
  if (text === '') {
    for (const value of ['{}', 'null', 'undefined', '""']) {
      add(value, `A request without a body signs an empty line, not ${value}.`);
    }
    return variants;
  }
  add('', 'The body was left out of the signed text.');
  const whole = call.body.toString('latin1');
  if (call.body.length !== signed.length) {
    add(Buffer.from(whole, 'latin1').toString('utf8'), 'An upload signs its meta part alone.');
  }
  add(text.trim(), 'Blanks around the body were signed away.');
  add(`${text}\n`, 'The body was signed with a line feed more.');
  for (const { value, hint } of serialisations(text)) add(value, hint);
  return variants;
}

const RESERIALISED = 'The body was serialised again after signing: sign the bytes that are sent.';

/** The same JSON as other libraries and settings write it. */
function serialisations(text: string): Variant<string>[] {
  const value = parseWireObject(text);
  if (!value) return [];
  const plain = JSON.stringify(value);
  const spaced = spacedOut(plain);
  const sorted = JSON.stringify(sortedDeep(value));
  const outer = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    plain,
    spaced,
    sorted,
    spacedOut(sorted),
    JSON.stringify(Object.fromEntries(outer)),
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, 4),
    JSON.stringify(value, null, '\t'),
    ascii(plain),
    ascii(spaced),
    plain.replaceAll('/', '\\/'),
    ascii(plain).replaceAll('/', '\\/'),
    plain.replace(/[<>&]/g, (character) => ascii(character, true)),
  ].map((each) => ({ value: each, hint: RESERIALISED }));
}

/** A blank after each comma and colon between values, as Python writes. */
function spacedOut(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (part) => (part.length === 1 ? `${part} ` : part));
}

function ascii(text: string, every = false): string {
  const wanted = every ? /[\s\S]/g : /[^\x20-\x7e]/g;
  return text.replace(wanted, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function sortedDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedDeep);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, entry]) => [name, sortedDeep(entry)]));
}

/** The header has seconds, the text was signed with any of that second's milliseconds. */
function* milliseconds(call: ApiCall, { authorization, signed }: Claim): Generator<LikelyText> {
  const { timestamp, nonce_str } = authorization;
  const hint = 'The timestamp was signed in milliseconds: it must be in seconds in both places.';
  if (signed.length > COMBINED_BYTES) return;
  for (let thousandth = 0; thousandth < MAX_MILLISECONDS; thousandth += 1) {
    const fine = `${timestamp}${thousandth.toString().padStart(3, '0')}`;
    const head = `${call.method}\n${call.target}\n${fine}\n${nonce_str}\n`;
    yield { text: Buffer.concat([Buffer.from(head), signed, Buffer.from('\n')]), hint };
  }
}
