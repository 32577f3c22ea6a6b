import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { AlipayKeyError, checkedRsaKey } from './keys.ts';

/**
 * Certificate mode: each side names its certificate by a number of the wallet's own making, the
 * MD5 of the issuer's name (most specific part first) and the serial number in decimal.
 * https://opendocs.alipay.com/common/056zub
 */
const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_CERTIFICATES = 20;

/** Every certificate of a text, in order; throws AlipayKeyError when there is none. */
export function parseCertificates(text: string): X509Certificate[] {
  const found = text.match(PEM) ?? [];
  if (found.length === 0) throw new AlipayKeyError('this is no PEM certificate');
  if (found.length > MAX_CERTIFICATES) throw new AlipayKeyError('too many certificates');
  return found.map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new AlipayKeyError('the certificate does not parse; was it cut when copied?', {
        cause,
      });
    }
  });
}

/** `alipay_cert_sn` and `app_cert_sn`: 32 hex digits. */
export function certificateSn(certificate: X509Certificate): string {
  // OpenSSL writes one part of the name a line, from country to common name.
  const issuer = certificate.issuer.split('\n').reverse().join(',');
  const serial = BigInt(`0x${certificate.serialNumber}`).toString();
  return createHash('md5').update(`${issuer}${serial}`, 'utf8').digest('hex');
}

/** `1.2.840.113549.1.1`, the family of all RSA signature algorithms. */
const RSA_FAMILY = Buffer.from('2a864886f70d0101', 'hex');

interface Der {
  readonly content: number;
  readonly end: number;
}

function derAt(bytes: Buffer, at: number): Der {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return { content: at + 2, end: at + 2 + first };
  const count = first & 0x7f;
  const length = bytes.readUIntBE(at + 2, count);
  return { content: at + 2 + count, end: at + 2 + count + length };
}

/** Is it signed with an RSA key? Bundles hold SM2 and ECDSA roots too. */
export function isSignedByRsa(certificate: X509Certificate): boolean {
  const { raw } = certificate;
  const toBeSigned = derAt(raw, derAt(raw, 0).content);
  const algorithm = derAt(raw, toBeSigned.end);
  const identifier = derAt(raw, algorithm.content);
  const name = raw.subarray(identifier.content, identifier.end);
  return name.subarray(0, RSA_FAMILY.length).equals(RSA_FAMILY);
}

/** `alipay_root_cert_sn`: the numbers of the RSA roots of a bundle, joined. */
export function rootCertificateSn(roots: readonly X509Certificate[]): string {
  return roots.filter(isSignedByRsa).map(certificateSn).join('_');
}

/** The public key of a certificate; throws AlipayKeyError when it is not a good RSA key. */
export function certificateKey(certificate: X509Certificate): KeyObject {
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch (cause) {
    throw new AlipayKeyError('the key of the certificate is of no kind known here', { cause });
  }
  return checkedRsaKey(key);
}

const MAX_DEPTH = 5;

function isValidAt(certificate: X509Certificate, at: Date): boolean {
  const time = at.getTime();
  return Date.parse(certificate.validFrom) <= time && time < Date.parse(certificate.validTo);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // An issuer whose kind of key is unknown here has not provably signed anything.
    return false;
  }
}

export interface ChainOptions {
  /** The certificate in question first, then what else came with it. */
  readonly chain: readonly X509Certificate[];
  readonly roots: readonly X509Certificate[];
  readonly at: Date;
}

/**
 * Why a certificate cannot be trusted; undefined when it leads to one of the roots, every step
 * signed, in force, and an authority where it must be one.
 */
export function chainProblem({ chain, roots, at }: ChainOptions): string | undefined {
  let [current] = chain;
  if (!current) return 'there is no certificate';
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    if (!isValidAt(current, at)) return `"${current.subject.split('\n').at(-1)}" is not in force`;
    const step: X509Certificate = current;
    if (roots.some((root) => root.raw.equals(step.raw))) return undefined;
    const root = roots.find((candidate) => isIssuedBy(step, candidate));
    if (root) return isValidAt(root, at) ? undefined : 'the root certificate is not in force';
    const issuer = chain.find(
      (candidate) => candidate !== step && candidate.ca && isIssuedBy(step, candidate),
    );
    if (!issuer) return 'it does not lead to the root certificates';
    current = issuer;
  }
  return 'its chain is too long';
}
