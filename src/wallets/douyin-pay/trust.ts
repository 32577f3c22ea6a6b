import { CERTIFICATES } from '../../protocols/douyin-pay/messages.ts';
import { signatureOf } from '../../protocols/douyin-pay/signature.ts';
import {
  type PlatformCertificate,
  readCertificate,
} from '../../protocols/wechat-pay/certificates.ts';
import {
  isWireObject,
  parseWireObject,
  textField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import { decryptResource } from '../../protocols/wechat-pay/resource.ts';
import { answerMessage, isFresh, rsaVerify } from '../../protocols/wechat-pay/signature.ts';
import type { DouyinAccount } from './account.ts';
import type { Exchange } from './client.ts';

/**
 * Whose signatures count: the certificate of the account, and those the wallet hands out under the
 * account's own key, fetched when a message names one that is not known: a few times in a row, then
 * once a minute. Numbers in notifications are anybody's to make up, so those are counted apart: a
 * flood of them makes one fetch a minute, and cannot keep answers from being read.
 */
export type Verdict = 'valid' | 'unsigned' | 'unknown_key' | 'bad_signature' | 'stale';

const FETCHES_IN_A_ROW = { answer: 4, notification: 1 } as const;
type Source = keyof typeof FETCHES_IN_A_ROW;
const FETCH_GAP_MS = 60_000;
const MAX_ACCOUNTS = 10_000;
const MAX_CERTIFICATES = 20;

interface Allowance {
  /** Fetches left, as of `counted_at`. */
  left: number;
  counted_at: number;
}

/** What the wallet's certificates say of the account's key. */
export type KeyTrial =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'untested'; readonly why: string };

interface Ring {
  /** Those of the last list, by serial. */
  certificates: ReadonlyMap<string, PlatformCertificate>;
  readonly allowed: Readonly<Record<Source, Allowance>>;
  fetching: Promise<void> | undefined;
}

export class Trust {
  readonly #rings = new Map<string, Ring>();
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The key is chosen by the serial number of this very message. */
  async judge(
    account: DouyinAccount,
    message: { headers: Readonly<Record<string, string>>; body: Buffer; real: Date },
    source: Source,
  ): Promise<Verdict> {
    const parts = signatureOf(message.headers);
    if (!parts) return 'unsigned';
    const key = await this.#keyFor(account, parts.serial.toUpperCase(), message.real, source);
    if (!key) return 'unknown_key';
    const text = answerMessage({ ...parts, body: message.body });
    if (!rsaVerify(key, text, parts.signature)) return 'bad_signature';
    return isFresh(parts.timestamp, message.real) ? 'valid' : 'stale';
  }

  async #keyFor(account: DouyinAccount, serial: string, real: Date, source: Source) {
    const ring = this.#ringOf(account.id);
    const { certificate } = account;
    const own = certificate.serial === serial ? certificate : undefined;
    const known = keyAt(own ?? ring.certificates.get(serial), real);
    if (known) return known;
    if (!ring.fetching && mayFetch(ring, source, real.getTime())) {
      ring.fetching = this.#fetch(account, ring, real).finally(() => {
        ring.fetching = undefined;
      });
    }
    await ring.fetching;
    return keyAt(ring.certificates.get(serial), real);
  }

  /**
   * Asks for the certificates: each is encrypted under the account's key, so one that opens proves
   * the key, and one that does not proves it wrong.
   */
  async tryKey(account: DouyinAccount): Promise<KeyTrial> {
    const answer = await this.#exchange(account, { method: 'GET', target: CERTIFICATES });
    if (answer.kind !== 'answered') return { kind: 'untested', why: answer.message };
    const text = answer.body.toString('utf8');
    if (answer.status !== 200) {
      const code = textField(parseWireObject(text) ?? {}, 'code') ?? `HTTP ${answer.status}`;
      return { kind: 'untested', why: code };
    }
    const sealed = sealedCertificates(text);
    if (sealed.length === 0) return { kind: 'untested', why: 'it lists none' };
    return openCertificates(account, text).length > 0 ? { kind: 'right' } : { kind: 'wrong' };
  }

  #ringOf(id: string): Ring {
    let ring = this.#rings.get(id);
    if (!ring) {
      if (this.#rings.size >= MAX_ACCOUNTS) this.#rings.clear();
      const { answer, notification } = FETCHES_IN_A_ROW;
      ring = {
        certificates: new Map(),
        allowed: {
          answer: { left: answer, counted_at: 0 },
          notification: { left: notification, counted_at: 0 },
        },
        fetching: undefined,
      };
      this.#rings.set(id, ring);
    }
    return ring;
  }

  /** Decrypted first, since only the wallet can encrypt under our key; then the signature. */
  async #fetch(account: DouyinAccount, ring: Ring, real: Date): Promise<void> {
    const answer = await this.#exchange(account, { method: 'GET', target: CERTIFICATES });
    if (answer.kind !== 'answered' || answer.status !== 200) return;
    const certificates = openCertificates(account, answer.body.toString('utf8'));
    const parts = signatureOf(answer.headers);
    if (!parts || !isFresh(parts.timestamp, real)) return;
    const signer = certificates.find(({ serial }) => serial === parts.serial.toUpperCase());
    const key = keyAt(signer ?? account.certificate, real);
    const text = answerMessage({ ...parts, body: answer.body });
    if (!key || !rsaVerify(key, text, parts.signature)) return;
    ring.certificates = new Map(certificates.map((each) => [each.serial, each]));
  }
}

/** Its key while it is in force. */
function keyAt(certificate: PlatformCertificate | undefined, real: Date) {
  if (!certificate || real < certificate.not_before || real >= certificate.not_after) {
    return undefined;
  }
  return certificate.key;
}

/** Takes one of the fetches left; one more is there each minute. */
function mayFetch({ allowed }: Ring, source: Source, now: number): boolean {
  const counted = allowed[source];
  const earned = Math.max(0, now - counted.counted_at) / FETCH_GAP_MS;
  counted.left = Math.min(FETCHES_IN_A_ROW[source], counted.left + earned);
  counted.counted_at = now;
  if (counted.left < 1) return false;
  counted.left -= 1;
  return true;
}

function openCertificates(account: DouyinAccount, text: string): PlatformCertificate[] {
  return sealedCertificates(text).flatMap((sealed) => {
    const pem = decryptResource(account.encrypt_key, {
      algorithm: textField(sealed, 'algorithm') ?? '',
      ciphertext: textField(sealed, 'ciphertext') ?? '',
      nonce: textField(sealed, 'nonce') ?? '',
    });
    const certificate = pem === undefined ? undefined : readCertificate(pem);
    return certificate ? [certificate] : [];
  });
}

function sealedCertificates(text: string): WireObject[] {
  const list = parseWireObject(text)?.certificates;
  if (!Array.isArray(list) || list.length > MAX_CERTIFICATES) return [];
  const sealed = list.map((entry) => (isWireObject(entry) ? entry.encrypt_certificate : undefined));
  return sealed.filter(isWireObject);
}
