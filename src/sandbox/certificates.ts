import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/**
 * X.509 certificates of a sandbox's own authority, made per install: RSA 2048, SHA-256. They prove
 * nothing outside this machine.
 */
export interface CertificateName {
  /** In the order of the certificate, from country to common name. */
  readonly C?: string;
  readonly O?: string;
  readonly OU?: string;
  readonly CN: string;
}

export interface Issued {
  readonly certificate: string;
  readonly private_key: string;
}

export interface IssueOptions {
  readonly subject: CertificateName;
  /** Absent for a root, which signs itself. */
  readonly issuer?: Issued;
  /** Hex digits; the certificate's number as wallets quote it. */
  readonly serial: string;
  readonly not_before: Date;
  readonly not_after: Date;
  readonly authority?: boolean;
  /** An existing key (PEM); a new one is made when absent. */
  readonly private_key?: string;
}

const newKeyPair = promisify(generateKeyPair);

/** A fresh RSA key as PKCS#8 PEM; made on a worker thread. */
export async function newRsaKey(): Promise<string> {
  const { privateKey } = await newKeyPair('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}

export async function issueCertificate(options: IssueOptions): Promise<Issued> {
  const private_key = options.private_key ?? (await newRsaKey());
  const key = forge.pki.privateKeyFromPem(pkcs1(createPrivateKey(private_key)));
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  // A leading zero keeps the number positive in DER.
  certificate.serialNumber = options.serial.replace(/^(?=[89a-f])/i, '00');
  certificate.validity.notBefore = options.not_before;
  certificate.validity.notAfter = options.not_after;
  certificate.setSubject(attributes(options.subject));
  const { issuer } = options;
  if (issuer) {
    certificate.setIssuer(forge.pki.certificateFromPem(issuer.certificate).subject.attributes);
  } else certificate.setIssuer(attributes(options.subject));
  certificate.setExtensions([
    { name: 'basicConstraints', cA: options.authority ?? issuer === undefined, critical: true },
    options.authority || !issuer
      ? { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
      : { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
  ]);
  const signer = issuer
    ? forge.pki.privateKeyFromPem(pkcs1(createPrivateKey(issuer.private_key)))
    : key;
  certificate.sign(signer, forge.md.sha256.create());
  const pem = forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
  return { certificate: pem, private_key };
}

/** Serial number as 40 (or fewer) upper-case hex digits, as node reads it. */
export function serialOf(certificate: string): string {
  return new X509Certificate(certificate).serialNumber;
}

function pkcs1(key: KeyObject): string {
  return key.export({ type: 'pkcs1', format: 'pem' }).toString();
}

/** UTF-8 strings for names that need them. */
function attributes(name: CertificateName): forge.pki.CertificateField[] {
  const order = ['C', 'O', 'OU', 'CN'] as const;
  return order.flatMap((shortName) => {
    const value = name[shortName];
    if (value === undefined) return [];
    if (/^[\x20-\x7e]*$/.test(value)) return [{ shortName, value }];
    // The member is a string type's tag, which the package's types call a class.
    const utf8 = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class;
    return [{ shortName, value, valueTagClass: utf8 }];
  });
}
