import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  certificateKey,
  certificateSn,
  chainProblem,
  parseCertificates,
  rootCertificateSn,
} from '../../../protocols/alipay/certificates.ts';
import { AlipayKeyError } from '../../../protocols/alipay/keys.ts';

/**
 * Certificate mode of one account: our own certificate, the wallet's, and the roots that every
 * later certificate of the wallet must lead to. Certificates may be learnt while running.
 */
const MAX_KNOWN = 16;

export class CertificateTrust {
  readonly mode = 'certificate';
  #roots: X509Certificate[] = [];
  #root_sn = '';
  #own: X509Certificate | undefined;
  #own_sn = '';
  /** By `alipay_cert_sn`, oldest first. */
  readonly #known = new Map<string, KeyObject>();
  #configured = '';
  #alipay: X509Certificate[] = [];

  setRoots(text: string): void {
    this.#roots = parseCertificates(text);
    this.#root_sn = rootCertificateSn(this.#roots);
    if (this.#root_sn === '') throw new AlipayKeyError('none of these is an RSA root certificate');
  }

  /** Throws AlipayKeyError unless it is the certificate of our private key. */
  setOwn(text: string, private_key: KeyObject): void {
    const [own] = parseCertificates(text);
    if (!own) return;
    if (!certificateKey(own).equals(createPublicKey(private_key))) {
      throw new AlipayKeyError('this certificate is not for the private_key of this account');
    }
    this.#own = own;
    this.#own_sn = certificateSn(own);
  }

  /** The certificate that the console offers; the chain is checked where it can be. */
  setAlipay(text: string, private_key: KeyObject): void {
    const chain = parseCertificates(text);
    const [leaf] = chain;
    if (!leaf) return;
    const key = certificateKey(leaf);
    if (key.equals(createPublicKey(private_key))) {
      throw new AlipayKeyError('this is your own application certificate');
    }
    if (leaf.ca) throw new AlipayKeyError('this is an authority’s certificate, not Alipay’s own');
    this.#alipay = chain;
    this.#configured = certificateSn(leaf);
    this.#known.set(this.#configured, key);
  }

  get app_cert_sn(): string {
    return this.#own_sn;
  }

  get alipay_root_cert_sn(): string {
    return this.#root_sn;
  }

  /** Number of the certificate that was configured. */
  get alipay_cert_sn(): string {
    return this.#configured;
  }

  get own(): X509Certificate | undefined {
    return this.#own;
  }

  /** The configured certificate of the wallet with what came with it. */
  get alipay(): readonly X509Certificate[] {
    return this.#alipay;
  }

  get roots(): readonly X509Certificate[] {
    return this.#roots;
  }

  /** The key with this number; without a number, the one that was configured. */
  key(sn?: string): KeyObject | undefined {
    return this.#known.get(sn ?? this.#configured);
  }

  /** All keys known, newest first: for texts that do not say which one signed them. */
  keys(): KeyObject[] {
    return [...this.#known.values()].reverse();
  }

  /**
   * Takes a certificate the wallet handed out, when it leads to the configured roots and has the
   * number asked for. Answers why not; undefined when it was taken.
   */
  learn(text: string, sn: string, at: Date): string | undefined {
    let chain: X509Certificate[];
    let key: KeyObject;
    try {
      chain = parseCertificates(text);
      const [leaf] = chain;
      if (!leaf || certificateSn(leaf) !== sn) return 'it is another certificate';
      if (leaf.ca) return 'it is an authority’s certificate';
      // The same authority issues the certificates of other merchants' applications.
      if (leaf.subject !== this.#alipay[0]?.subject) return 'it is in another name';
      key = certificateKey(leaf);
    } catch (error) {
      if (error instanceof AlipayKeyError) return error.message;
      throw error;
    }
    // What is configured may carry the authority in between that an answer leaves out.
    const problem = chainProblem({ chain: [...chain, ...this.#alipay], roots: this.#roots, at });
    if (problem !== undefined) return problem;
    if (this.#known.size >= MAX_KNOWN) this.#forgetOldest();
    this.#known.set(sn, key);
    return undefined;
  }

  #forgetOldest(): void {
    for (const sn of this.#known.keys()) {
      if (sn === this.#configured) continue;
      this.#known.delete(sn);
      return;
    }
  }
}
