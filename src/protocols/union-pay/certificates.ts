import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/**
 * Whose key signed: the wallet's certificate travels in each message (`signPubKeyCert`) and is
 * worth nothing until it stands on the root and middle certificate that the merchant holds, is
 * valid now, and names UnionPay. The merchant names its own certificate by `certId`, its serial
 * number in decimal. https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=448
 */
export class UnionPayKeyError extends Error {
  override readonly name = 'UnionPayKeyError';
}

export interface TrustStore {
  readonly root: X509Certificate;
  readonly middle: X509Certificate;
  /** The test gateway signs under another name; never true for real money. */
  readonly test_signer: boolean;
}

export type SignerVerdict =
  | { readonly ok: true; readonly key: KeyObject; readonly valid_until: Date }
  | {
      readonly ok: false;
      readonly reason: 'malformed' | 'expired' | 'chain' | 'name';
      readonly message: string;
    };

const MAX_CERTIFICATE_CHARACTERS = 8192;
const MIN_MODULUS_BITS = 2048;
const SIGNER_NAME = /^041@[^@\n]+@中国银联股份有限公司@[^@\n]+$/;
const TEST_SIGNER_NAME = /^041@[^@\n]+@00040000:SIGN@[^@\n]+$/;

/** PEM, or the base64 between its lines; throws UnionPayKeyError for anything else. */
export function readCertificate(text: string): X509Certificate {
  const trimmed = text.trim();
  if (trimmed === '') throw new UnionPayKeyError('the certificate is empty');
  if (trimmed.length > MAX_CERTIFICATE_CHARACTERS) {
    throw new UnionPayKeyError('this is too long for one certificate');
  }
  if (trimmed.includes('PRIVATE KEY')) {
    throw new UnionPayKeyError('this is a private key; a certificate belongs here');
  }
  const pem = trimmed.startsWith('-----')
    ? trimmed
    : `-----BEGIN CERTIFICATE-----\n${trimmed}\n-----END CERTIFICATE-----`;
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const error = new UnionPayKeyError('this is no X.509 certificate in PEM; was it cut?');
    error.cause = cause;
    throw error;
  }
}

/** PKCS#1 or PKCS#8 PEM; throws UnionPayKeyError. */
export function readPrivateKey(text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    const certificate = text.includes('CERTIFICATE');
    const error = new UnionPayKeyError(
      certificate
        ? 'this is a certificate; the private key in PEM belongs here'
        : 'this is no unencrypted private key in PEM',
    );
    error.cause = cause;
    throw error;
  }
  if (key.asymmetricKeyType !== 'rsa') throw new UnionPayKeyError('the key is not RSA');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_MODULUS_BITS) {
    throw new UnionPayKeyError(`the key has ${bits} bits; at least ${MIN_MODULUS_BITS} are needed`);
  }
  return key;
}

/** The certificate's serial number as the messages name it. */
export function certIdOf(certificate: X509Certificate): string {
  return BigInt(`0x${certificate.serialNumber}`).toString();
}

function commonName(certificate: X509Certificate): string | undefined {
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='));
  return names.length === 1 ? names[0]?.slice('CN='.length) : undefined;
}

function validUntil(certificate: X509Certificate): Date {
  return new Date(certificate.validTo);
}

function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return new Date(certificate.validFrom) <= now && now < validUntil(certificate);
}

function stands(on: X509Certificate, certificate: X509Certificate): boolean {
  return on.ca && certificate.checkIssued(on) && certificate.verify(on.publicKey);
}

function refused(reason: 'malformed' | 'expired' | 'chain' | 'name', message: string) {
  return { ok: false, reason, message } as const;
}

/** May messages that carry this certificate be believed? `now` is real time. */
export function judgeSigner(store: TrustStore, text: string, now: Date): SignerVerdict {
  let certificate: X509Certificate;
  try {
    certificate = readCertificate(text);
    if (certificate.publicKey.asymmetricKeyType !== 'rsa') {
      return refused('malformed', 'signPubKeyCert holds no RSA key');
    }
  } catch {
    return refused('malformed', 'signPubKeyCert is no certificate');
  }
  const { root, middle } = store;
  if (!stands(middle, certificate) || !stands(root, middle) || certificate.ca) {
    return refused('chain', 'signPubKeyCert does not stand on the middle and root certificate');
  }
  for (const [what, each] of [
    ['signPubKeyCert', certificate],
    ['the middle certificate', middle],
    ['the root certificate', root],
  ] as const) {
    if (!isValidAt(each, now)) {
      return refused('expired', `${what} is valid from ${each.validFrom} to ${each.validTo}`);
    }
  }
  const name = commonName(certificate) ?? '';
  if (!SIGNER_NAME.test(name) && !(store.test_signer && TEST_SIGNER_NAME.test(name))) {
    return refused('name', 'signPubKeyCert is not UnionPay’s signing certificate');
  }
  return { ok: true, key: certificate.publicKey, valid_until: validUntil(certificate) };
}

/** True when the private key belongs to the certificate. */
export function isKeyOf(certificate: X509Certificate, key: KeyObject): boolean {
  return certificate.checkPrivateKey(key);
}
