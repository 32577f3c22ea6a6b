import type { KeyObject } from 'node:crypto';
import { type SignType, signText, verifyText } from './keys.ts';

/**
 * The answer of gateway.do: `{"<method>_response":<value>,"sign":"…"}`, compact and in this order.
 * The signature covers the very bytes of `<value>`, so neither side may serialise it again.
 * https://opendocs.alipay.com/common/02mse7
 */
export const ERROR_ROOT = 'error_response';

export function responseRoot(method: string): string {
  return `${method.replaceAll('.', '_')}_response`;
}

/** JSON as the gateway writes it: solidus escaped. */
export function gatewayJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('/', '\\/');
}

export interface AnswerOptions {
  /** Certificate mode: the number of the wallet's certificate, between the two and unsigned. */
  readonly alipay_cert_sn?: string;
  readonly sign_type?: SignType;
  /** `content` in the bytes that are sent, where they are not UTF-8. */
  readonly bytes?: Buffer;
}

/** The whole body for one answer; `content` is the text that gets signed. */
export async function buildResponse(
  key: KeyObject,
  root: string,
  content: string,
  options: AnswerOptions = {},
): Promise<string> {
  const { alipay_cert_sn, sign_type, bytes } = options;
  const sn = alipay_cert_sn === undefined ? '' : `"alipay_cert_sn":"${alipay_cert_sn}",`;
  return `{"${root}":${content},${sn}"sign":"${await signText(key, bytes ?? content, sign_type)}"}`;
}

export type Extracted =
  | {
      readonly ok: true;
      readonly root: string;
      /** The signed text: an object, or a string with its quotes when it is encrypted. */
      readonly content: string;
      readonly sign: string | undefined;
      /** Certificate mode: which certificate of the wallet signed. */
      readonly alipay_cert_sn: string | undefined;
    }
  | { readonly ok: false; readonly reason: string };

const SPACE = /[ \t\r\n]/;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text.charAt(at))) at += 1;
  return at;
}

/** Index just behind the string that opens at `from`; -1 when it never ends. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5c) at += 1;
    else if (char === 0x22) return at + 1;
  }
  return -1;
}

/** Index just behind the value that opens at `from`: braces are walked, strings are honoured. */
function endOfValue(text: string, from: number): number {
  const first = text.charAt(from);
  if (first === '"') return endOfString(text, from);
  if (first !== '{' && first !== '[') {
    let at = from;
    while (at < text.length && !/[,}\]]/.test(text.charAt(at))) at += 1;
    return at === from ? -1 : at;
  }
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"') {
      at = endOfString(text, at) - 1;
      if (at < 0) return -1;
    } else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where each top-level value stands; a name that is there twice refuses the whole. */
function topLevel(text: string): Map<string, Span> | string {
  const members = new Map<string, Span>();
  let at = skipSpace(text, 0);
  if (text.charAt(at) !== '{') return 'the answer is no JSON object';
  for (let first = true; ; first = false) {
    at = skipSpace(text, at + 1);
    if (first && text.charAt(at) === '}') break;
    const nameEnd = text.charAt(at) === '"' ? endOfString(text, at) : -1;
    if (nameEnd < 0) return 'the answer is cut or no JSON';
    const name = text.slice(at + 1, nameEnd - 1);
    at = skipSpace(text, nameEnd);
    if (text.charAt(at) !== ':') return 'the answer is cut or no JSON';
    const valueStart = skipSpace(text, at + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (valueEnd < 0) return 'the answer is cut or no JSON';
    if (members.has(name)) return `the answer has "${name}" twice`;
    members.set(name, { start: valueStart, end: valueEnd });
    at = skipSpace(text, valueEnd);
    if (text.charAt(at) === '}') break;
    if (text.charAt(at) !== ',') return 'the answer is cut or no JSON';
  }
  return skipSpace(text, at + 1) === text.length ? members : 'the answer goes on after its end';
}

/**
 * Finds the signed bytes in a raw answer. The name of the root must not come again behind its
 * value, in whatever disguise: a second root is how a forger would ride on a genuine signature.
 */
export function extractResponse(text: string, method: string): Extracted {
  const members = topLevel(text);
  if (typeof members === 'string') return { ok: false, reason: members };
  const wanted = responseRoot(method);
  const root = members.has(wanted) ? wanted : ERROR_ROOT;
  const span = members.get(root);
  if (!span) return { ok: false, reason: `the answer has no "${wanted}"` };
  if (text.includes(`"${root}"`, span.end)) {
    return { ok: false, reason: `the answer has "${root}" twice` };
  }
  const content = text.slice(span.start, span.end);
  const signSpan = members.get('sign');
  const sign = signSpan && text.slice(signSpan.start, signSpan.end);
  if (sign !== undefined && !/^"[^"\\]*(\\\/[^"\\]*)*"$/.test(sign)) {
    return { ok: false, reason: 'the sign is no plain string' };
  }
  const snSpan = members.get('alipay_cert_sn');
  const sn = snSpan && /^"([0-9a-zA-Z]{1,64})"$/.exec(text.slice(snSpan.start, snSpan.end));
  if (snSpan && !sn) return { ok: false, reason: 'the alipay_cert_sn is no plain string' };
  return {
    ok: true,
    root,
    content,
    sign: sign?.slice(1, -1).replaceAll('\\/', '/'),
    alipay_cert_sn: sn?.[1],
  };
}

export type Opened =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string };

/** Verifies, then parses: only signed bytes are ever read. A missing sign is a refusal. */
export function openResponse(key: KeyObject, text: string, method: string): Opened {
  const found = extractResponse(text, method);
  if (!found.ok) return found;
  if (found.sign === undefined || found.sign === '') {
    return { ok: false, reason: 'the answer is not signed' };
  }
  if (!verifyText(key, found.content, found.sign)) {
    return { ok: false, reason: 'the signature of the answer does not verify' };
  }
  const value = parseObject(found.content);
  return value ? { ok: true, value } : { ok: false, reason: 'the signed value is no JSON object' };
}

/** A JSON object as a record of unknowns; undefined for anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
