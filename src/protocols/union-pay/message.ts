/**
 * ACP 5.1.0 messages: names with decoded values. Requests and notices travel as a form; answers
 * are raw `k=v&k=v` text without any escaping, whose values may hold `=`, line breaks and braces.
 * https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=448
 */
export type Message = ReadonlyMap<string, string>;

const MAX_FIELDS = 100;
export const MAX_MESSAGE_CHARACTERS = 65_536;
/** A day's file travels inside an answer. */
export const MAX_FILE_MESSAGE_CHARACTERS = 64 * 1024 * 1024;

/** Undefined when a name comes twice, or too many come: such a set has no one meaning. */
export function decodeForm(text: string): Message | undefined {
  if (text.length > MAX_MESSAGE_CHARACTERS) return undefined;
  const message = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === '' || message.has(name) || message.size >= MAX_FIELDS) return undefined;
    message.set(name, value);
  }
  return message;
}

export function encodeForm(message: Message): string {
  return new URLSearchParams([...message]).toString();
}

/** Raw: no value may hold an `&` outside braces, which the caller sees to. */
export function encodeAnswer(message: Message): string {
  return [...message].map(([name, value]) => `${name}=${value}`).join('&');
}

const OPENS = '{[';
const CLOSES = '}]';

/** The text between two `&` that stand outside all braces. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (OPENS.includes(char)) depth += 1;
    else if (CLOSES.includes(char)) depth = Math.max(0, depth - 1);
    else if (char === '&' && depth === 0) {
      found.push(text.slice(start, at));
      start = at + 1;
      if (found.length > MAX_FIELDS) return found;
    }
  }
  found.push(text.slice(start));
  return found;
}

/** Undefined when the text is no such message; a value keeps every `=` after the first. */
export function decodeAnswer(
  text: string,
  max_characters = MAX_MESSAGE_CHARACTERS,
): Message | undefined {
  if (text.length > max_characters) return undefined;
  const parts = pieces(text);
  if (parts.length > MAX_FIELDS) return undefined;
  const message = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = part.slice(0, at);
    if (at <= 0 || !/^[A-Za-z0-9_]{1,64}$/.test(name) || message.has(name)) return undefined;
    message.set(name, part.slice(at + 1));
  }
  return message;
}

/** An empty value is signed by nobody, so in a verified message it says nothing. */
export function withoutEmpty(message: Message): Message {
  return new Map([...message].filter(([, value]) => value !== ''));
}

/** Leaves out what is undefined or empty: an empty value is not part of a signature. */
export function messageOf(fields: Readonly<Record<string, string | undefined>>): Message {
  const entries = Object.entries(fields);
  return new Map(entries.filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** `reserved` and its like: `{a=1&b=2}`. */
export function braced(fields: Readonly<Record<string, string>>): string {
  return `{${encodeAnswer(new Map(Object.entries(fields)))}}`;
}

/** The value of one name inside `{a=1&b=2}`. */
export function bracedValue(text: string, name: string): string | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  return decodeAnswer(text.slice(1, -1))?.get(name);
}
