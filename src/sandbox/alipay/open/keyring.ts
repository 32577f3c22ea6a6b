import { createPrivateKey, type KeyObject } from 'node:crypto';
import { certificateSn, parseCertificates } from '../../../protocols/alipay/certificates.ts';
import type { Collection, SandboxStore } from '../../store.ts';
import type { App } from '../books.ts';

/**
 * What this wallet signs with: one key for all applications in key mode, a certificate of its own
 * for each application in certificate mode. Certificates that were made later are in the store;
 * the newest one of an application signs, all of them can be downloaded.
 */
export interface Signer {
  readonly key: KeyObject;
  /** `alipay_cert_sn`; null in key mode. */
  readonly sn: string | null;
}

interface LaterCertificate {
  readonly app_id: string;
  readonly certificate: string;
  readonly private_key: string;
}

interface KnownCertificate {
  readonly app_id: string;
  readonly sn: string;
  readonly certificate: string;
  readonly key: KeyObject;
}

export interface KeyringOptions {
  readonly plain: KeyObject;
  readonly certificates: readonly { app_id: string; key: KeyObject; certificate: string }[];
  readonly store: SandboxStore;
}

export class Keyring {
  readonly #plain: KeyObject;
  readonly #known = new Map<string, KnownCertificate[]>();
  readonly #later: Collection<LaterCertificate>;

  constructor(options: KeyringOptions) {
    this.#plain = options.plain;
    this.#later = options.store.collection<LaterCertificate>('alipay_certificates');
    for (const first of options.certificates) this.#learn(first);
    for (const { app_id, certificate, private_key } of this.#later.values()) {
      this.#learn({ app_id, certificate, key: createPrivateKey(private_key) });
    }
  }

  /** The key-mode key: what the console shows as Alipay's public key is its other half. */
  get plain(): KeyObject {
    return this.#plain;
  }

  signer(app: App): Signer {
    if (app.certificate_sn === null) return { key: this.#plain, sn: null };
    const newest = this.#known.get(app.app_id)?.at(-1);
    if (!newest) throw new Error(`application ${app.app_id} has no certificate of Alipay`);
    return { key: newest.key, sn: newest.sn };
  }

  /** The certificate of Alipay with this number that belongs to this application, PEM. */
  certificate(app: App, sn: string): string | undefined {
    return this.#known.get(app.app_id)?.find((known) => known.sn === sn)?.certificate;
  }

  /** The certificate that signs now, PEM; undefined in key mode. */
  current(app: App): string | undefined {
    return this.#known.get(app.app_id)?.at(-1)?.certificate;
  }

  /** From now on this certificate signs for the application. */
  add(later: LaterCertificate): string {
    const sn = this.#learn({ ...later, key: createPrivateKey(later.private_key) });
    this.#later.put(sn, later);
    return sn;
  }

  #learn(given: { app_id: string; certificate: string; key: KeyObject }): string {
    const [leaf] = parseCertificates(given.certificate);
    if (!leaf) throw new Error('unreachable: parsing answers one certificate at least');
    const sn = certificateSn(leaf);
    const known = this.#known.get(given.app_id) ?? [];
    known.push({ ...given, sn });
    this.#known.set(given.app_id, known);
    return sn;
  }
}
