import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { sha256 } from '../ids.ts';
import type { Vault } from '../vault.ts';

/**
 * Standard Webhooks 1.0 signatures over `<id>.<timestamp>.<body>`: `v1` (HMAC-SHA256 under the
 * endpoint's secret) and `v1a` (Ed25519, for receivers that should not hold a signing secret). The
 * Ed25519 key is derived from the master key for each secret, so both rotate together.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export interface Signer {
  /** `v1,…` and `v1a,…` of this message. */
  sign(message: string): readonly string[];
  /** `whpk_` and base64: verifies `v1a`. */
  readonly public_key: string;
}

export const SECRET_PREFIX = 'whsec_';
export const PUBLIC_KEY_PREFIX = 'whpk_';
const SECRET_BYTES = 32;
/** PKCS #8 header of an Ed25519 private key (RFC 8410): the 32-byte seed follows. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const RAW_KEY_BYTES = 32;
const MAX_CACHED = 1_000;

export function newSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

export function createSigner(vault: Vault, endpoint_id: string, secret: string): Signer {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const asymmetric = signingKey(vault, endpoint_id, secret);
  const spki = createPublicKey(asymmetric).export({ type: 'spki', format: 'der' });
  return {
    public_key: PUBLIC_KEY_PREFIX + spki.subarray(-RAW_KEY_BYTES).toString('base64'),
    sign(message) {
      const mac = createHmac('sha256', key).update(message).digest('base64');
      const signature = sign(null, Buffer.from(message), asymmetric).toString('base64');
      return [`v1,${mac}`, `v1a,${signature}`];
    },
  };
}

function signingKey(vault: Vault, endpoint_id: string, secret: string): KeyObject {
  const subject = `${endpoint_id} ${sha256(secret)}`;
  const halves = ['webhook v1a first', 'webhook v1a second'].map((purpose) =>
    Buffer.from(vault.token(purpose, subject), 'base64url'),
  );
  const der = Buffer.concat([PKCS8_ED25519, ...halves]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** Signers by sealed secret, so that keys are opened and made once and not for every delivery. */
export interface Signers {
  of(endpoint_id: string, sealed: Buffer): Signer;
}

export function createSigners(vault: Vault): Signers {
  const cache = new Map<string, Signer>();
  return {
    of(endpoint_id, sealed) {
      const key = `${endpoint_id} ${sealed.toString('base64')}`;
      const known = cache.get(key);
      if (known) return known;
      const signer = createSigner(vault, endpoint_id, vault.open(sealed, endpoint_id));
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(key, signer);
      return signer;
    },
  };
}

export interface WebhookMessage {
  readonly id: string;
  /** Real time, Unix seconds. */
  readonly timestamp: number;
  readonly body: string;
}

export function webhookHeaders(
  { id, timestamp, body }: WebhookMessage,
  signers: readonly Signer[],
): Record<string, string> {
  const message = `${id}.${timestamp}.${body}`;
  return {
    'content-type': 'application/json',
    'user-agent': 'Hutong-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signers.flatMap((signer) => signer.sign(message)).join(' '),
  };
}
