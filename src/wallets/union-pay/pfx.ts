import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import {
  isKeyOf,
  readCertificate,
  UnionPayKeyError,
} from '../../protocols/union-pay/certificates.ts';
import { isTooMuchWork } from './pfx-work.ts';

/**
 * The PKCS#12 file that UnionPay's merchant site gives. Its ciphers are of the nineties: OpenSSL
 * wants `-legacy` for it and Node's own loader refuses it, so it is opened here. It may hold the
 * authorities' certificates too; ours is the one that the key belongs to.
 */
const KEY_BAGS = [forge.pki.oids['pkcs8ShroudedKeyBag'], forge.pki.oids['keyBag']];

function opened(base64: string, password: string): forge.pkcs12.Pkcs12Pfx {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(base64)) {
    throw new UnionPayKeyError('the PFX file belongs here in base64 (base64 -w0 merchant.pfx)');
  }
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(forge.util.decode64(base64.replace(/\s+/g, '')));
  } catch {
    throw new UnionPayKeyError('this is no PFX file; was it cut, or encoded twice?');
  }
  if (isTooMuchWork(asn1, password)) {
    throw new UnionPayKeyError('this PFX file wants an absurd amount of work to be opened');
  }
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : '';
    const message = /MAC|password|decrypt/i.test(said)
      ? 'the password does not open this PFX file'
      : `this PFX file cannot be read (${said}); convert it to PEM: openssl pkcs12 -legacy -in merchant.pfx -nodes`;
    throw new UnionPayKeyError(message);
  }
}

export function readPfx(
  base64: string,
  password: string,
): { private_key: KeyObject; certificate: X509Certificate } {
  const pfx = opened(base64, password);
  const keys = KEY_BAGS.flatMap((bagType) =>
    bagType === undefined ? [] : (pfx.getBags({ bagType })[bagType] ?? []),
  ).flatMap(({ key }) => (key ? [key] : []));
  const [key] = keys;
  if (!key || keys.length > 1) {
    throw new UnionPayKeyError(`the PFX file holds ${keys.length} keys, and one belongs here`);
  }
  const private_key = createPrivateKey(forge.pki.privateKeyToPem(key));
  const bagType = forge.pki.oids['certBag'] ?? '';
  const certificates = (pfx.getBags({ bagType })[bagType] ?? []).flatMap(({ cert }) =>
    cert ? [readCertificate(forge.pki.certificateToPem(cert))] : [],
  );
  const certificate = certificates.find((each) => isKeyOf(each, private_key));
  if (!certificate) throw new UnionPayKeyError('the PFX file lacks the certificate of its key');
  return { private_key, certificate };
}
