import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import forge from 'node-forge';
import { parseCertificates, rootCertificateSn } from '../../../protocols/alipay/certificates.ts';
import { type CertificateName, type Issued, issueCertificate } from '../../certificates.ts';
import { readOptional, writeSecret } from '../keys.ts';

/**
 * The sandbox's own certificate authority, one per install: an RSA root, the authority under it
 * that issues, and in the published bundle also a root with an elliptic key, as in the real
 * bundle, which no number may be taken from.
 */
const ORGANISATION = {
  C: 'CN',
  O: 'Hutong Sandbox',
  OU: 'Certification Authority',
} as const;
const DAY_MS = 86_400_000;
const LIFE_MS = 10 * 365 * DAY_MS;

/** Serial numbers have 127 random bits and are positive. */
function newSerial(): string {
  const bytes = forge.random.getBytesSync(16);
  return `5${forge.util.bytesToHex(bytes).slice(1)}`;
}

export class Authority {
  /** The published bundle: elliptic root first, RSA root second. */
  readonly roots: string;
  readonly root_sn: string;
  readonly #issuer: Issued;

  constructor(roots: string, issuer: Issued) {
    this.roots = roots;
    this.root_sn = rootCertificateSn(parseCertificates(roots));
    this.#issuer = issuer;
  }

  /** The certificate of the authority itself; Alipay's own certificates come with it. */
  get certificate(): string {
    return this.#issuer.certificate;
  }

  issue(options: {
    common_name: string;
    at: Date;
    private_key?: string;
    /** Milliseconds; ten years when absent. */
    life_ms?: number;
  }): Promise<Issued> {
    const { at, private_key } = options;
    return issueCertificate({
      subject: { C: 'CN', O: '胡同沙箱', OU: 'Alipay', CN: options.common_name },
      issuer: this.#issuer,
      serial: newSerial(),
      not_before: new Date(at.getTime() - DAY_MS),
      not_after: new Date(at.getTime() + (options.life_ms ?? LIFE_MS)),
      ...(private_key !== undefined && { private_key }),
    });
  }
}

function authorityName(common_name: string): CertificateName {
  return { ...ORGANISATION, CN: common_name };
}

const P256 = 'prime256v1';
const RSA_SHA256 = '1.2.840.113549.1.1.11';
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';

function sequence(parts: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  const { asn1 } = forge;
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}

function algorithm(identifier: string): forge.asn1.Asn1 {
  const { asn1 } = forge;
  const value = asn1.oidToDer(identifier).getBytes();
  return sequence([asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, value)]);
}

/** Places of the parts of a certificate's body: version, serial number, algorithm, … key. */
const ALGORITHM_AT = 2;
const KEY_AT = 6;

/**
 * A root that signs itself with an elliptic key. The library at hand writes RSA certificates only,
 * so one lends the structure; key, algorithms and signature are put in anew.
 */
function ellipticRoot(model: string): string {
  const { asn1 } = forge;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: P256 });
  const lender = forge.pki.certificateFromPem(model);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = lender.publicKey;
  certificate.validity = lender.validity;
  certificate.serialNumber = newSerial();
  const name = Object.entries(authorityName('Hutong Sandbox Root E1')).map(
    ([shortName, value]) => ({ shortName, value }),
  );
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([{ name: 'basicConstraints', cA: true, critical: true }]);
  certificate.signatureOid = RSA_SHA256;
  certificate.siginfo.algorithmOid = RSA_SHA256;
  certificate.signature = '';
  const [body] = forge.pki.certificateToAsn1(certificate).value as forge.asn1.Asn1[];
  if (!body) throw new Error('unreachable: a certificate has a body');
  const parts = body.value as forge.asn1.Asn1[];
  parts[ALGORITHM_AT] = algorithm(ECDSA_SHA256);
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('binary');
  parts[KEY_AT] = asn1.fromDer(key);
  const bytes = Buffer.from(asn1.toDer(body).getBytes(), 'binary');
  const bits = `\0${sign('sha256', bytes, privateKey).toString('binary')}`;
  const signature = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, bits);
  const whole = sequence([body, algorithm(ECDSA_SHA256), signature]);
  const der = Buffer.from(asn1.toDer(whole).getBytes(), 'binary').toString('base64');
  const lines = der.match(/.{1,64}/g)?.join('\n') ?? '';
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const FILES = {
  roots: 'alipay_root_certificates.crt',
  key: 'alipay_authority_private_key.pem',
  certificate: 'alipay_authority_certificate.crt',
} as const;

export const ROOTS_FILE = FILES.roots;

/** Opens the authority of an install, made on the first start. */
export async function openAuthority(keys_dir: string, at: Date): Promise<Authority> {
  const paths = {
    roots: join(keys_dir, FILES.roots),
    key: join(keys_dir, FILES.key),
    certificate: join(keys_dir, FILES.certificate),
  };
  const roots = await readOptional(paths.roots);
  const key = await readOptional(paths.key);
  const certificate = await readOptional(paths.certificate);
  if (roots !== undefined && key !== undefined && certificate !== undefined) {
    return new Authority(roots, { private_key: key, certificate });
  }
  const span = {
    not_before: new Date(at.getTime() - DAY_MS),
    not_after: new Date(at.getTime() + 2 * LIFE_MS),
  };
  const root = await issueCertificate({
    subject: authorityName('Hutong Sandbox Root R1'),
    serial: newSerial(),
    ...span,
  });
  const issuer = await issueCertificate({
    subject: authorityName('Hutong Sandbox Class 1 R1'),
    issuer: root,
    serial: newSerial(),
    authority: true,
    ...span,
  });
  const bundle = `${ellipticRoot(root.certificate)}\n${root.certificate}`;
  await writeSecret(paths.certificate, issuer.certificate);
  await writeSecret(paths.key, createPrivateKey(issuer.private_key).export(PKCS8).toString());
  // The bundle last: an authority is there when all of it is.
  await writeSecret(paths.roots, bundle);
  return new Authority(bundle, issuer);
}

const PKCS8 = { type: 'pkcs8', format: 'pem' } as const;
