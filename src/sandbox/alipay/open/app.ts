import type { KeyObject } from 'node:crypto';

/**
 * How an application is set up: in key mode, in certificate mode, a platform's with sellers under
 * it (certificate mode), or a third party's that acts for other merchants.
 */
export type AppRole = 'key' | 'certificate' | 'platform' | 'isv';

/** An application at the wallet, as one call sees it: acting for its own merchant or another. */
export interface App {
  readonly role: AppRole;
  readonly app_id: string;
  /** The application of the merchant that is acted for: its own, but for an app_auth_token. */
  readonly auth_app_id: string;
  /** The merchant that is acted for. */
  readonly seller_id: string;
  readonly payee: { readonly zh: string; readonly en: string };
  /** Verifies its requests. */
  readonly public_key: KeyObject;
  /** `app_cert_sn` of certificate mode; null in key mode. */
  readonly certificate_sn: string | null;
  /** For encrypted content, base64 of 16 bytes. */
  readonly aes_key: string;
}
