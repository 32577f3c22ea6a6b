import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import type { Event } from './events.ts';

/**
 * Verifies a webhook (Standard Webhooks 1.0) on the bytes that arrived, before anything parses
 * them, and answers its event. https://www.standardwebhooks.com
 */
export type WebhookMistake =
  | 'missing_headers'
  | 'body_was_parsed'
  | 'malformed_signature'
  | 'wrong_secret'
  | 'stale_timestamp';

export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
  /** Which mistake was made; the message says how to mend it. Answer the request with 400. */
  readonly mistake: WebhookMistake;
  constructor(mistake: WebhookMistake, message: string) {
    super(message);
    this.mistake = mistake;
  }
}

export interface WebhookToVerify {
  /** The raw body: a Buffer or Uint8Array, or a string that no JSON parser has touched. */
  readonly body: Uint8Array | string;
  /** Node's, fetch's, or any record; names in any case. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `whsec_…` (or `whpk_…`) of the endpoint; both during a rotation. */
  readonly secrets: string | readonly string[];
  /** For tests; the system's clock otherwise. */
  readonly now?: Date;
  /** How far `webhook-timestamp` may be from now; 300 s by default. */
  readonly tolerance_s?: number;
}

const TOLERANCE_S = 300;
const MAX_SIGNATURES = 20;
const MAC_BYTES = 32;
const ED25519_BYTES = 64;
/** SubjectPublicKeyInfo header of an Ed25519 key (RFC 8410); the 32 bytes of `whpk_` follow. */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

interface Signature {
  readonly version: 'v1' | 'v1a';
  readonly bytes: Buffer;
}

/** @throws WebhookVerificationError; anything it returns was signed by the hub, just now. */
export function verifyWebhook(webhook: WebhookToVerify): Event {
  const { id, timestamp, signatures } = readHeaders(webhook.headers);
  const raw = rawBody(webhook.body);
  const secrets = [webhook.secrets].flat();
  if (secrets.length === 0) throw mistake('wrong_secret', 'no secret was given');
  const prefix = Buffer.from(`${id}.${timestamp}.`);
  if (!anyVerifies(Buffer.concat([prefix, raw]), signatures, secrets)) {
    throw explain(prefix, raw, { signatures, secrets });
  }
  const now_s = (webhook.now?.getTime() ?? Date.now()) / 1_000;
  const away_s = Math.abs(now_s - Number(timestamp));
  if (away_s > (webhook.tolerance_s ?? TOLERANCE_S)) {
    throw mistake(
      'stale_timestamp',
      `the webhook was sent ${Math.round(away_s)} s away from this machine's clock: ` +
        'check the clock, and do not verify webhooks again that were stored earlier',
    );
  }
  // Signed by the hub, so it has the hub's shape.
  return JSON.parse(raw.toString('utf8')) as Event;
}

function mistake(kind: WebhookMistake, message: string): WebhookVerificationError {
  return new WebhookVerificationError(kind, message);
}

function readHeaders(headers: WebhookToVerify['headers']) {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signature = headerOf(headers, 'webhook-signature');
  if (!id || !timestamp || !signature) {
    const missing = Object.entries({
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    }).flatMap(([name, value]) => (value ? [] : [name]));
    throw mistake(
      'missing_headers',
      `no ${missing.join(', ')}: pass all headers of the request; a proxy may have dropped them`,
    );
  }
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw mistake('missing_headers', 'webhook-timestamp is not a number of seconds');
  }
  return { id, timestamp, signatures: parseSignatures(signature) };
}

function headerOf(headers: WebhookToVerify['headers'], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const entry = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  const value = entry?.[1];
  return typeof value === 'string' ? value : value?.[0];
}

function parseSignatures(header: string): readonly Signature[] {
  const parts = header.split(' ').slice(0, MAX_SIGNATURES);
  const signatures = parts.flatMap((part): Signature[] => {
    const [version, text = ''] = part.split(',', 2);
    const bytes = Buffer.from(text, 'base64');
    if (version === 'v1' && bytes.length === MAC_BYTES) return [{ version, bytes }];
    if (version === 'v1a' && bytes.length === ED25519_BYTES) return [{ version, bytes }];
    return [];
  });
  if (signatures.length > 0) return signatures;
  throw mistake(
    'malformed_signature',
    'webhook-signature holds no `v1,<base64>` or `v1a,<base64>`: pass the header unchanged',
  );
}

function rawBody(body: unknown): Buffer {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) {
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }
  throw mistake(
    'body_was_parsed',
    'the body is not bytes but was parsed already: verify the raw body (express.raw(), ' +
      'request.text(), …), then parse',
  );
}

function anyVerifies(
  message: Buffer,
  signatures: readonly Signature[],
  secrets: readonly string[],
): boolean {
  return secrets.some((secret) => signatures.some((one) => verifies(message, one, secret)));
}

function verifies(message: Buffer, { version, bytes }: Signature, secret: string): boolean {
  const key = Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64');
  if (version === 'v1' && secret.startsWith('whsec_')) {
    return timingSafeEqual(createHmac('sha256', key).update(message).digest(), bytes);
  }
  if (version === 'v1a' && secret.startsWith('whpk_') && key.length === MAC_BYTES) {
    const der = Buffer.concat([SPKI_ED25519, key]);
    return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), bytes);
  }
  return false;
}

function explain(
  prefix: Buffer,
  raw: Buffer,
  { signatures, secrets }: { signatures: readonly Signature[]; secrets: readonly string[] },
): WebhookVerificationError {
  const original = asSent(raw);
  if (original && anyVerifies(Buffer.concat([prefix, original]), signatures, secrets)) {
    return mistake(
      'body_was_parsed',
      'the body was parsed and written again, so its bytes are not those that were signed: ' +
        'verify the raw body before any JSON middleware',
    );
  }
  const formed = secrets.every((secret) => /^(whsec|whpk)_[A-Za-z0-9+/]{20,}={0,2}$/.test(secret));
  return mistake(
    'wrong_secret',
    formed
      ? 'no secret given made this signature: use the secret of the endpoint that was called; ' +
          'during a rotation pass the old and the new one'
      : 'a secret must be whole, as the hub showed it: whsec_ and base64',
  );
}

/**
 * The text as the hub writes it, from JSON that was parsed and written with other spaces or
 * another order of keys: members of an event in their order, all others as the hub stores them.
 */
function asSent(raw: Buffer): Buffer | undefined {
  let event: unknown;
  try {
    event = JSON.parse(raw.toString('utf8'));
  } catch {
    // Not JSON at all: nothing to restore, the ordinary explanation holds.
    return undefined;
  }
  if (typeof event !== 'object' || event === null) return undefined;
  const members = new Map(Object.entries(event));
  const ordered = EVENT_MEMBERS.filter((name) => members.has(name)).map((name) => [
    name,
    stored(members.get(name)),
  ]);
  return Buffer.from(JSON.stringify(Object.fromEntries(ordered)));
}

const EVENT_MEMBERS = [
  'id',
  'object',
  'type',
  'created_at',
  'livemode',
  'platform',
  'sequence',
  'position',
  'data',
];

/** Keys by length, then by bytes, at every level. */
function stored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stored);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, stored(member)] as const);
  entries.sort(([a], [b]) => {
    const [left, right] = [Buffer.from(a), Buffer.from(b)];
    return left.length - right.length || Buffer.compare(left, right);
  });
  return Object.fromEntries(entries);
}
