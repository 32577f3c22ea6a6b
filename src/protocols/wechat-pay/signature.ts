import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { signatureBytes } from '../base64.ts';

/**
 * Signatures of WeChat Pay APIv3: RSA PKCS#1 v1.5 with SHA-256, base64. Requests cover five lines,
 * answers and notifications three, payer-side calls four; every line ends in LF, also the last.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012365342
 */
export const SIGNATURE_TYPE = 'WECHATPAY2-SHA256-RSA2048';

/** Largest distance between a signature's timestamp and real time, seconds. */
export const SIGNATURE_WINDOW_S = 300;

/** WeChat probes receivers with signatures that begin like this and are wrong on purpose. */
export const SIGNATURE_PROBE = 'WECHATPAY/SIGNTEST/';

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as on the request line. */
  readonly target: string;
  /** Seconds since the epoch, as sent. */
  readonly timestamp: string;
  readonly nonce: string;
  /** Body exactly as sent; empty for a request without body. */
  readonly body: Buffer | string;
}

/** The string a merchant signs for one request. */
export function requestMessage(request: SignedRequest): Buffer {
  const { method, target, timestamp, nonce, body } = request;
  return withBody(`${method}\n${target}\n${timestamp}\n${nonce}\n`, body);
}

export interface SignedAnswer {
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: Buffer | string;
}

/** The string WeChat Pay signs for an answer or a notification. */
export function answerMessage({ timestamp, nonce, body }: SignedAnswer): Buffer {
  return withBody(`${timestamp}\n${nonce}\n`, body);
}

function withBody(head: string, body: Buffer | string): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  return Buffer.concat([Buffer.from(head, 'utf8'), content, Buffer.from('\n')]);
}

/** Signs on the thread pool, so that other requests go on meanwhile. */
export function rsaSign(key: KeyObject, message: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    sign('sha256', message, key, (error, signature) => {
      if (error) reject(error);
      else resolve(signature.toString('base64'));
    });
  });
}

/** False for a wrong signature and for text that is not its one base64; never throws. */
export function rsaVerify(key: KeyObject, message: Buffer, signature: string): boolean {
  const bytes = signatureBytes(signature);
  return bytes !== undefined && verify('sha256', message, key, bytes);
}

/** True when `timestamp` (seconds, as sent) is within the window around real time. */
export function isFresh(timestamp: string, real: Date): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(real.getTime() / 1000 - Number(timestamp)) < SIGNATURE_WINDOW_S;
}

export function unixSeconds(date: Date): string {
  return Math.floor(date.getTime() / 1000).toString();
}

const NONCE_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz';

/** 32 letters and digits. */
export function newNonce(): string {
  let nonce = '';
  for (const byte of randomBytes(32)) nonce += NONCE_ALPHABET.charAt(byte % NONCE_ALPHABET.length);
  return nonce;
}

/** The five headers of a signed answer or notification. */
export function signatureHeaders(parts: {
  timestamp: string;
  nonce: string;
  serial: string;
  signature: string;
}): Record<string, string> {
  return {
    'Wechatpay-Nonce': parts.nonce,
    'Wechatpay-Serial': parts.serial,
    'Wechatpay-Signature': parts.signature,
    'Wechatpay-Signature-Type': SIGNATURE_TYPE,
    'Wechatpay-Timestamp': parts.timestamp,
  };
}

/** Undefined when the text is not an RSA private key of at least 2048 bits in PEM. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  return readRsa(() => createPrivateKey(pem));
}

/** Undefined when the text is not an RSA public key of at least 2048 bits in PEM. */
export function readPublicKey(pem: string): KeyObject | undefined {
  if (pem.includes('PRIVATE KEY')) return undefined;
  return readRsa(() => createPublicKey(pem));
}

function readRsa(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === 'rsa' && bits >= 2048 ? key : undefined;
  } catch {
    return undefined;
  }
}
