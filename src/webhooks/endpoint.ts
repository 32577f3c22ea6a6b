import { isIP } from 'node:net';
import type { Config } from '../config.ts';
import { isLoopback, publicAddressesOnly } from '../outbound-guard.ts';

/** A URL of a platform that receives its events, signed. */
export interface Endpoint {
  readonly id: string;
  readonly platform_id: string;
  readonly url: string;
  /** Empty = every public type. */
  readonly event_types: readonly string[];
  readonly state: 'enabled' | 'disabled';
  readonly disabled_reason: string | null;
  /** Sealed under the master key, bound to the id. */
  readonly secret: Buffer;
  /** The secret before the rotation; signs too until `previous_until`. */
  readonly previous_secret: Buffer | null;
  readonly previous_until: Date | null;
  readonly created_at: Date;
}

/** Per platform. `publish.ts` gives each endpoint of an event one of 32 ordinals. */
export const MAX_ENDPOINTS = 16;
const MAX_URL_LENGTH = 2_048;

/** Why this hub may not call the URL, or undefined when it may. */
export function endpointUrlProblem(text: string, mode: Config['mode']): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `url is longer than ${MAX_URL_LENGTH} characters`;
  if (!URL.canParse(text)) return 'url is not a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'url must not carry a user or password';
  if (url.hash !== '') return 'url must not have a fragment';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = host === 'localhost' || host.endsWith('.localhost') || isLoopback(host);
  if (local) {
    if (mode === 'production') return 'url must not name this machine';
    return url.protocol === 'http:' || url.protocol === 'https:' ? undefined : 'url must be http';
  }
  if (url.protocol !== 'https:') return 'url must be https';
  const allowed = publicAddressesOnly({ allow_loopback: false });
  if (isIP(host) !== 0 && !allowed(host)) return 'url names a private address';
  if (isIP(host) === 0 && !host.includes('.')) return 'url must name a public host';
  return undefined;
}
