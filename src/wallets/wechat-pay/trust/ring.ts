import type { KeyObject } from 'node:crypto';
import {
  openCertificates,
  type PlatformCertificate,
} from '../../../protocols/wechat-pay/certificates.ts';
import { parseWireError, type WireError } from '../../../protocols/wechat-pay/errors.ts';
import { parseWireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { MerchantAccount } from '../account.ts';
import { judgeWith } from './judge.ts';
import { type Client, send } from './send.ts';

/**
 * The platform certificates of each account, downloaded when first needed, again when a message
 * names an unknown one, and in the background when they are half a day old. One download at a time
 * per account. Serials of notifications are anybody's to make up, so those are counted apart: a
 * flood of them makes one download a minute, and cannot keep answers from being read.
 */
export const CERTIFICATES = 'GET /v3/certificates';
const TARGET = '/v3/certificates?algorithm_type=RSA';
const MAX_ANSWER_BYTES = 256 * 1024;
const REFRESH_MS = 12 * 3_600_000;
/** Downloads in a row, and the time after which one more is allowed. */
const ALLOWED = {
  answer: { burst: 10, refill_ms: 15_000 },
  notification: { burst: 1, refill_ms: 60_000 },
} as const;
export type Source = keyof typeof ALLOWED;

interface Bucket {
  tokens: number;
  refilled_at: number;
}
const MAX_ACCOUNTS = 10_000;

interface Entry {
  certificates: readonly PlatformCertificate[];
  fetched_at: number;
  readonly buckets: Readonly<Record<Source, Bucket>>;
  running: Promise<Download> | undefined;
}

export type Download =
  | { readonly kind: 'downloaded'; readonly certificates: readonly PlatformCertificate[] }
  /** The wallet has none for this merchant: it has the public key alone. */
  | { readonly kind: 'none'; readonly error: WireError }
  | { readonly kind: 'refused'; readonly status: number; readonly error: WireError | undefined }
  /** The APIv3 key is not the one the wallet encrypted with. */
  | { readonly kind: 'decrypt' }
  | { readonly kind: 'not_trusted'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'too_soon' };

export class CertificateRing {
  readonly #entries = new Map<string, Entry>();

  /** A certificate that is valid now, by its serial. */
  key(account: MerchantAccount, serial: string, real: Date): KeyObject | undefined {
    if (account.trust === 'public_key') return undefined;
    const found = this.#entries
      .get(nameOf(account))
      ?.certificates.find((certificate) => certificate.serial === serial.toUpperCase());
    return found && isValid(found, real) ? found.key : undefined;
  }

  /** The certificate to encrypt to: the one that lives longest. */
  newest(account: MerchantAccount): PlatformCertificate | undefined {
    if (account.trust === 'public_key') return undefined;
    const all = this.#entries.get(nameOf(account))?.certificates ?? [];
    return all.reduce<PlatformCertificate | undefined>(
      (best, each) => (best && best.not_after >= each.not_after ? best : each),
      undefined,
    );
  }

  /** Starts a download in the background when the kept ones are half a day old. */
  keepFresh(client: Client, account: MerchantAccount): void {
    if (account.trust === 'public_key') return;
    const entry = this.#entries.get(nameOf(account));
    if (!entry || entry.running || entry.certificates.length === 0) return;
    const age = client.environment.real().getTime() - entry.fetched_at;
    if (age > REFRESH_MS) void this.refresh(client, account);
  }

  /** Joins a download that is under way; `too_soon` when there were too many of late. */
  async refresh(
    client: Client,
    account: MerchantAccount,
    source: Source = 'answer',
  ): Promise<Download> {
    const now = client.environment.real().getTime();
    const entry = this.#entry(nameOf(account), now);
    if (entry.running) return entry.running;
    if (!take(entry.buckets[source], ALLOWED[source], now)) return { kind: 'too_soon' };
    entry.running = download(client, account);
    try {
      const got = await entry.running;
      if (got.kind === 'downloaded') {
        entry.certificates = got.certificates;
        entry.fetched_at = now;
      }
      return got;
    } finally {
      entry.running = undefined;
    }
  }

  #entry(name: string, now: number): Entry {
    let entry = this.#entries.get(name);
    if (!entry) {
      if (this.#entries.size >= MAX_ACCOUNTS) this.#entries.clear();
      entry = {
        certificates: [],
        fetched_at: 0,
        buckets: {
          answer: { tokens: ALLOWED.answer.burst, refilled_at: now },
          notification: { tokens: ALLOWED.notification.burst, refilled_at: now },
        },
        running: undefined,
      };
      this.#entries.set(name, entry);
    }
    return entry;
  }
}

function take(bucket: Bucket, allowed: (typeof ALLOWED)[Source], now: number): boolean {
  const grown = bucket.tokens + (now - bucket.refilled_at) / allowed.refill_ms;
  bucket.tokens = Math.min(allowed.burst, grown);
  bucket.refilled_at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

/** Outlives the account object, and changes with what the certificates belong to. */
function nameOf(account: MerchantAccount): string {
  return `${account.id} ${account.mchid} ${account.endpoint}`;
}

function isValid(certificate: PlatformCertificate, real: Date): boolean {
  return certificate.not_before <= real && real < certificate.not_after;
}

/**
 * Decrypts first, because the answer is signed by a certificate inside it; who does not know the
 * APIv3 key cannot make one up. Then the signature is checked like any other.
 */
async function download(client: Client, account: MerchantAccount): Promise<Download> {
  const sent = await send(client, account, {
    method: 'GET',
    target: TARGET,
    operation: CERTIFICATES,
    signed: '',
    max_answer_bytes: MAX_ANSWER_BYTES,
  });
  if (sent.kind === 'failed') return { kind: 'unreachable', message: sent.error.message };
  if (sent.kind === 'held') return { kind: 'unreachable', message: sent.message };
  const { status, headers, body } = sent.answer;
  const text = body.toString('utf8');
  if (status !== 200) {
    const error = parseWireError(text);
    if (status === 404 && error?.code === 'RESOURCE_NOT_EXISTS') return { kind: 'none', error };
    return { kind: 'refused', status, error };
  }
  const opened = openCertificates(parseWireObject(text) ?? {}, account.api_v3_key);
  if (opened.kind === 'malformed')
    return { kind: 'not_trusted', why: 'not a list of certificates' };
  if (opened.kind === 'decrypt') return opened;
  const real = client.environment.real();
  const { certificates } = opened;
  const keyOf = (serial: string) =>
    account.public_keys.get(serial) ??
    certificates.find((each) => each.serial === serial.toUpperCase() && isValid(each, real))?.key;
  const verdict = judgeWith(keyOf, { headers, body, real });
  if (verdict !== 'valid') return { kind: 'not_trusted', why: verdict };
  return { kind: 'downloaded', certificates };
}
