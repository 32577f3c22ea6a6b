import type { KeyObject } from 'node:crypto';
import { decryptContent } from '../../../protocols/alipay/content.ts';
import { verifyText } from '../../../protocols/alipay/keys.ts';
import { extractResponse, parseObject } from '../../../protocols/alipay/response.ts';
import { classOfStatus, subCodeOfV3, verifyAnswer } from '../../../protocols/alipay/v3.ts';
import type { AlipayAccount } from '../account.ts';

/**
 * From the bytes of an answer to what may be believed. The key is chosen by the certificate number
 * of this very answer; one that is not known yet is looked up before the answer is judged.
 */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Said {
  /** Class of the answer: 10000, 10003, 40004… */
  readonly code: string;
  readonly sub_code: string;
  readonly message: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export type Believed =
  | ({ readonly kind: 'said' } & Said)
  /** `said` is what it claims, for the diagnosis only. */
  | { readonly kind: 'doubted'; readonly reason: string; readonly said?: Said };

export interface Judging {
  readonly account: AlipayAccount;
  readonly method: string;
  readonly raw: RawAnswer;
  /** Was the content of the call encrypted? */
  readonly encrypted: boolean;
  /** Real time, against answers kept and played again. */
  readonly real: Date;
  /** Undefined when there is no such certificate, or it leads nowhere. */
  readonly keyOf: (sn: string | undefined) => Promise<KeyObject | undefined>;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What gateway.do says, whoever signed it. */
function gatewaySaid(judging: Judging, content: string): Said | undefined {
  const { account } = judging;
  let text = content;
  if (content.startsWith('"')) {
    const hidden: unknown = parseJson(content);
    if (typeof hidden !== 'string' || !account.aes_key) return undefined;
    text = decryptContent(account.aes_key, hidden) ?? '';
  }
  const value = parseObject(text);
  if (!value) return undefined;
  // Only the token calls answer success without a code.
  const code = textOf(value['code']) || (value['sub_code'] === undefined ? '10000' : '');
  const message = textOf(value['sub_msg']) || textOf(value['msg']);
  return { code, sub_code: textOf(value['sub_code']), message, value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function believeGateway(judging: Judging): Promise<Believed> {
  const { raw, method, keyOf } = judging;
  if (raw.status !== 200) return { kind: 'doubted', reason: `HTTP status ${raw.status}` };
  const found = extractResponse(raw.text, method);
  if (!found.ok) return { kind: 'doubted', reason: found.reason };
  const said = gatewaySaid(judging, found.content);
  const doubt = (reason: string): Believed => ({
    kind: 'doubted',
    reason,
    ...(said !== undefined && { said }),
  });
  if (found.sign === undefined || found.sign === '') return doubt('the answer is not signed');
  const key = await keyOf(found.alipay_cert_sn);
  if (!key) return doubt('the certificate that signed the answer is unknown');
  if (!verifyText(key, found.content, found.sign)) {
    return doubt('the signature of the answer does not verify');
  }
  return said ? { kind: 'said', ...said } : doubt('the signed value is no JSON object');
}

/** What v3 says, whoever signed it. */
function v3Said(judging: Judging): Said | undefined {
  const { raw, account, encrypted } = judging;
  let text = raw.text;
  const isHidden = encrypted && !text.trimStart().startsWith('{');
  if (isHidden && account.aes_key) text = decryptContent(account.aes_key, text) ?? '';
  const value = parseObject(text);
  if (!value) return undefined;
  if (raw.status < 300) {
    // Accepted and not done yet is what gateway.do calls 10003.
    const code = raw.status === 202 ? '10003' : '10000';
    return { code, sub_code: '', message: '', value };
  }
  const sub_code = subCodeOfV3(textOf(value['code']));
  const code = classOfStatus(raw.status);
  return { code, sub_code, message: textOf(value['message']), value };
}

const WINDOW_MS = 15 * 60_000;

/** gateway.do stamps no answers; v3 does, in milliseconds. */
function isFresh(timestamp: string, real: Date): boolean {
  const at = /^\d{13}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  return Math.abs(real.getTime() - at) <= WINDOW_MS;
}

/** v3 leaves errors unsigned; a signature that is there must be good all the same. */
async function believeV3(judging: Judging): Promise<Believed> {
  const { raw, keyOf } = judging;
  const said = v3Said(judging);
  const doubt = (reason: string): Believed => ({
    kind: 'doubted',
    reason,
    ...(said !== undefined && { said }),
  });
  const { status, headers } = raw;
  if (status >= 500) return doubt(`HTTP status ${status}`);
  const signature = headers['alipay-signature'] ?? '';
  if (signature === '') {
    if (status < 400) return doubt('the answer is not signed');
    return said && said.sub_code !== ''
      ? { kind: 'said', ...said }
      : doubt(`HTTP status ${status}, and this is no OpenAPI v3`);
  }
  const timestamp = headers['alipay-timestamp'] ?? '';
  if (!isFresh(timestamp, judging.real)) return doubt('the answer is of another hour');
  const key = await keyOf(headers['alipay-sn']);
  if (!key) return doubt('the certificate that signed the answer is unknown');
  const nonce = headers['alipay-nonce'] ?? '';
  if (!verifyAnswer(key, { timestamp, nonce, body: raw.text, signature })) {
    return doubt('the signature of the answer does not verify');
  }
  return said ? { kind: 'said', ...said } : doubt('the answer is no JSON object');
}

export function believe(judging: Judging): Promise<Believed> {
  return judging.account.protocol === 'v3' ? believeV3(judging) : believeGateway(judging);
}
