import type { KeyObject } from 'node:crypto';
import { SUB_CODES, type SubCodeName } from './codes.ts';
import { signText, verifyText } from './keys.ts';

/**
 * OpenAPI v3: JSON under `/v3/…`, signed in the Authorization header. What is signed is the text
 * as it is sent, so a verifier takes header, path and body as they came.
 * https://opendocs.alipay.com/open-v3/054q58
 */
export const SCHEME = 'ALIPAY-SHA256withRSA';

/** `alipay.trade.query` → `/v3/alipay/trade/query`. */
export function v3Path(method: string): string {
  return `/v3/${method.replaceAll('.', '/')}`;
}

/** Calls whose parameters v3 takes in the query. */
const BY_GET: readonly RegExp[] = [
  /^alipay\.data\..+\.query$/,
  /^alipay\.fund\.(trans\.common|account|quota)\.query$/,
  /^alipay\.trade\.order\.(settle|onsettle)\.query$/,
  /^alipay\.open\.auth\.token\.app\.query$/,
  /^alipay\.open\.app\.alipaycert\.download$/,
];

export function v3Verb(method: string): 'GET' | 'POST' {
  return BY_GET.some((pattern) => pattern.test(method)) ? 'GET' : 'POST';
}

export interface AuthFields {
  readonly app_id: string;
  readonly app_cert_sn?: string;
  readonly nonce: string;
  /** Milliseconds. */
  readonly timestamp: string;
}

export function authText(fields: AuthFields): string {
  const certificate = fields.app_cert_sn === undefined ? '' : `,app_cert_sn=${fields.app_cert_sn}`;
  const { app_id, nonce, timestamp } = fields;
  return `app_id=${app_id}${certificate},nonce=${nonce},timestamp=${timestamp}`;
}

export interface SignedCall {
  /** The part of the header before `,sign=`. */
  readonly auth: string;
  readonly verb: string;
  /** Path and query as on the request line. */
  readonly target: string;
  readonly body: string;
  readonly app_auth_token?: string;
}

export function callText(call: SignedCall): string {
  const lines = [call.auth, call.verb, call.target, call.body];
  if (call.app_auth_token !== undefined) lines.push(call.app_auth_token);
  return `${lines.join('\n')}\n`;
}

export async function authorization(key: KeyObject, call: SignedCall): Promise<string> {
  return `${SCHEME} ${call.auth},sign=${await signText(key, callText(call))}`;
}

export interface ParsedAuthorization {
  /** As it was sent, in the sender's order. */
  readonly auth: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly sign: string;
}

const MAX_HEADER = 4096;

/** Undefined when the header is no such authorisation at all. */
export function parseAuthorization(header: string): ParsedAuthorization | undefined {
  if (header.length > MAX_HEADER || !header.startsWith(`${SCHEME} `)) return undefined;
  const rest = header.slice(SCHEME.length + 1).trim();
  const mark = rest.lastIndexOf(',sign=');
  const auth = mark < 0 ? rest : rest.slice(0, mark);
  const fields = new Map<string, string>();
  for (const part of auth.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals).trim();
    // A name that is there twice has no one meaning.
    if (equals < 1 || fields.has(name)) return undefined;
    fields.set(name, part.slice(equals + 1));
  }
  return { auth, fields, sign: mark < 0 ? '' : rest.slice(mark + ',sign='.length) };
}

/** What the signature of an answer covers. */
export function answerText(answer: { timestamp: string; nonce: string; body: string }): string {
  return `${answer.timestamp}\n${answer.nonce}\n${answer.body}\n`;
}

export function verifyAnswer(
  key: KeyObject,
  answer: { timestamp: string; nonce: string; body: string; signature: string },
): boolean {
  return verifyText(key, answerText(answer), answer.signature);
}

const PREFIX = /^(isv|isp|aop)\./;

/** v3 names the wire's own errors without their prefix; those of business keep theirs. */
export function v3Code(sub_code: string): string {
  return sub_code.replace(PREFIX, '');
}

const BY_V3_CODE: ReadonlyMap<string, SubCodeName> = new Map(
  (Object.keys(SUB_CODES) as SubCodeName[])
    // `aop.unknow-error` and `isp.unknow-error` share one name; the first one listed stands.
    .reverse()
    .map((name) => [v3Code(name), name]),
);

/** The name of the same error at gateway.do; an unknown one keeps its own. */
export function subCodeOfV3(code: string): string {
  return BY_V3_CODE.get(code) ?? code;
}

const UNAUTHORIZED: readonly string[] = [
  'insufficient-isv-permissions',
  'insufficient-user-permissions',
  'self-invoke-forbidden',
];

/** HTTP status of an error; unlike its page about signatures, the wallet answers 400 to those. */
export function v3Status(sub_code: SubCodeName): number {
  const { code } = SUB_CODES[sub_code];
  if (UNAUTHORIZED.includes(v3Code(sub_code)) || code === '20001') return 401;
  if (sub_code === 'ACQ.SYSTEM_ERROR' || code === '20000') return 500;
  if (code === '40005') return 429;
  return code === '40006' ? 403 : 400;
}

/** The class of an error that only its HTTP status tells. */
export function classOfStatus(status: number): '20001' | '40004' | '40005' | '40006' {
  if (status === 401) return '20001';
  if (status === 403) return '40006';
  return status === 429 ? '40005' : '40004';
}
