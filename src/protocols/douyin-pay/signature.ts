import type { KeyObject } from 'node:crypto';
import {
  answerMessage,
  newNonce,
  requestMessage,
  rsaSign,
  unixSeconds,
} from '../wechat-pay/signature.ts';

/**
 * Signatures of Douyin Pay: the five-line and three-line texts, RSA-SHA256 and time window are
 * those of WeChat Pay's APIv3 (`protocols/wechat-pay/signature.ts`); the scheme and the headers
 * have names of their own. https://pay.douyinpay.com/wiki/63984677e9a722021c2c882e (签名生成, 签名验证)
 */
export const SCHEME = 'DouyinPay-RSA';

export interface Authorization {
  readonly mchid: string;
  readonly nonce_str: string;
  readonly timestamp: string;
  readonly serial_no: string;
  readonly signature: string;
}

const ITEMS = ['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'] as const;
const ITEM = /^\s*([a-z_]+)\s*=\s*"([^"]*)"\s*$/;
const MAX_LENGTH = 4096;

/** The Authorization header of one request. */
export async function signRequest(
  signer: { mchid: string; serial_no: string; private_key: KeyObject },
  request: { method: string; target: string; body: string; now: Date },
): Promise<string> {
  const timestamp = unixSeconds(request.now);
  const nonce_str = newNonce();
  const message = requestMessage({ ...request, timestamp, nonce: nonce_str });
  const signature = await rsaSign(signer.private_key, message);
  const parts: Authorization = { ...signer, nonce_str, timestamp, signature };
  return `${SCHEME} ${ITEMS.map((name) => `${name}="${parts[name]}"`).join(',')}`;
}

/** Items in any order; undefined for anything else, never throws. */
export function parseAuthorization(header: string): Authorization | undefined {
  if (header.length > MAX_LENGTH || !header.startsWith(`${SCHEME} `)) return undefined;
  const found = new Map<string, string>();
  for (const part of header.slice(SCHEME.length).split(',')) {
    const [, name, value] = ITEM.exec(part) ?? [];
    if (name === undefined || !value || found.has(name)) return undefined;
    found.set(name, value);
  }
  const [mchid, nonce_str, timestamp, serial_no, signature] = ITEMS.map((name) => found.get(name));
  if (!mchid || !nonce_str || !timestamp || !serial_no || !signature) return undefined;
  return found.size === ITEMS.length
    ? { mchid, nonce_str, timestamp, serial_no, signature }
    : undefined;
}

export const HEADERS = {
  timestamp: 'Douyinpay-Timestamp',
  nonce: 'Douyinpay-Nonce',
  serial: 'Douyinpay-Serial',
  signature: 'Douyinpay-Signature',
} as const;

/** The four headers of an answer or a notification of the wallet. */
export async function signAnswer(
  signer: { serial: string; key: KeyObject },
  answer: { body: Buffer; now: Date },
): Promise<Record<string, string>> {
  const timestamp = unixSeconds(answer.now);
  const nonce = newNonce();
  const message = answerMessage({ timestamp, nonce, body: answer.body });
  return {
    [HEADERS.timestamp]: timestamp,
    [HEADERS.nonce]: nonce,
    [HEADERS.serial]: signer.serial,
    [HEADERS.signature]: await rsaSign(signer.key, message),
  };
}

/** The signature parts of an answer or a notification, from headers in lower case. */
export function signatureOf(
  headers: Readonly<Record<string, string | undefined>>,
): { timestamp: string; nonce: string; serial: string; signature: string } | undefined {
  const timestamp = headers['douyinpay-timestamp'];
  const nonce = headers['douyinpay-nonce'];
  const serial = headers['douyinpay-serial'];
  const signature = headers['douyinpay-signature'];
  if (!timestamp || !nonce || !serial || !signature) return undefined;
  return { timestamp, nonce, serial, signature };
}

/** What an app's SDK is handed; four lines signed by the merchant. */
export async function signAppCall(
  private_key: KeyObject,
  call: { appid: string; mchid: string; prepay_id: string; now: Date },
): Promise<Record<string, string>> {
  const timestamp = unixSeconds(call.now);
  const nonce = newNonce();
  const text = `${call.appid}\n${timestamp}\n${nonce}\n${call.prepay_id}\n`;
  return {
    appId: call.appid,
    partnerId: call.mchid,
    prepayId: call.prepay_id,
    package: 'Sign=DYPay',
    nonceStr: nonce,
    timestamp,
    sign: await rsaSign(private_key, Buffer.from(text)),
  };
}
