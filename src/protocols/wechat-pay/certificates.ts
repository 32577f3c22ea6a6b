import { type KeyObject, X509Certificate } from 'node:crypto';
import { isWireObject, textField, type WireObject } from './messages.ts';
import { decryptResource, type EncryptedResource, encryptResource } from './resource.ts';

/**
 * Platform certificates: downloaded encrypted under the merchant's APIv3 key. Two are live at once
 * while WeChat Pay changes from one to the next.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012551764
 */
export interface PlatformCertificate {
  /** Upper-case hex. */
  readonly serial: string;
  readonly key: KeyObject;
  readonly not_before: Date;
  readonly not_after: Date;
}

export interface SealedCertificate {
  readonly serial_no: string;
  readonly effective_time: string;
  readonly expire_time: string;
  readonly encrypt_certificate: EncryptedResource;
}

const ASSOCIATED_DATA = 'certificate';
const MAX_CERTIFICATES = 20;

export function sealCertificate(options: {
  pem: string;
  serial_no: string;
  effective_time: string;
  expire_time: string;
  api_v3_key: string;
}): SealedCertificate {
  const { pem, api_v3_key, ...about } = options;
  return {
    ...about,
    encrypt_certificate: encryptResource({
      key: api_v3_key,
      plaintext: pem,
      associated_data: ASSOCIATED_DATA,
    }),
  };
}

/** Undefined when the text is not one RSA certificate. */
export function readCertificate(pem: string): PlatformCertificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const key = certificate.publicKey;
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa' || bits < 2048) return undefined;
    return {
      serial: certificate.serialNumber.toUpperCase(),
      key,
      not_before: new Date(certificate.validFrom),
      not_after: new Date(certificate.validTo),
    };
  } catch {
    return undefined;
  }
}

/** `decrypt`: the APIv3 key is another one. `malformed`: not the documented answer. */
export type OpenedCertificates =
  | { readonly kind: 'opened'; readonly certificates: readonly PlatformCertificate[] }
  | { readonly kind: 'decrypt' }
  | { readonly kind: 'malformed' };

/** All of the answer's certificates, or none: a part that cannot be opened spoils the whole. */
export function openCertificates(answer: WireObject, api_v3_key: string): OpenedCertificates {
  const { data } = answer;
  if (!Array.isArray(data) || data.length === 0 || data.length > MAX_CERTIFICATES) {
    return { kind: 'malformed' };
  }
  const certificates: PlatformCertificate[] = [];
  for (const entry of data) {
    const sealed = isWireObject(entry) ? sealedIn(entry) : undefined;
    if (!sealed) return { kind: 'malformed' };
    const pem = decryptResource(api_v3_key, sealed.resource);
    if (pem === undefined) return { kind: 'decrypt' };
    const certificate = readCertificate(pem);
    if (certificate?.serial !== sealed.serial_no.toUpperCase()) return { kind: 'malformed' };
    certificates.push(certificate);
  }
  return { kind: 'opened', certificates };
}

function sealedIn(
  entry: WireObject,
): { serial_no: string; resource: EncryptedResource } | undefined {
  const serial_no = textField(entry, 'serial_no');
  const resource = entry.encrypt_certificate;
  if (!serial_no || !isWireObject(resource)) return undefined;
  const algorithm = textField(resource, 'algorithm');
  const ciphertext = textField(resource, 'ciphertext');
  const nonce = textField(resource, 'nonce');
  if (!algorithm || !ciphertext || !nonce) return undefined;
  const associated_data = textField(resource, 'associated_data');
  return { serial_no, resource: { algorithm, ciphertext, nonce, associated_data } };
}
