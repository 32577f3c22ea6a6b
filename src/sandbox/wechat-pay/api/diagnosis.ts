import { constants, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import { SIGNATURE_PROBE } from '../../../protocols/wechat-pay/signature.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { type ApiCall, type Claim, expectedMessage } from './authentication.ts';
import { likelyTexts } from './likely-texts.ts';

/**
 * Why a signature is wrong, for the developer's log. An RSA signature gives away the digest that
 * was signed to whoever has the public key: with it, the usual mistakes can be tried out until one
 * gives that digest.
 */
const DIGESTS: Readonly<Record<string, string>> = {
  '3031300d060960864801650304020105000420': 'SHA-256',
  '3021300906052b0e03021a05000414': 'SHA-1',
  '3020300c06082a864886f70d020505000410': 'MD5',
  '3051300d060960864801650304020305000440': 'SHA-512',
};

interface Recovered {
  readonly algorithm: string;
  readonly digest: Buffer;
}

export function diagnose(context: SandboxContext, call: ApiCall, claim: Claim): SignatureVerdict {
  const expected = expectedMessage(call, claim);
  const wrong = (hint: string, signed?: Buffer): SignatureVerdict => ({
    state: 'wrong',
    hint,
    expected_text: expected.toString('utf8'),
    ...(signed ? { signed_text: signed.toString('utf8') } : {}),
  });
  const { signature } = claim.authorization;
  if (signature.startsWith(SIGNATURE_PROBE)) return wrong('A probe signature, wrong on purpose.');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature) || signature.length % 4 !== 0) {
    return wrong('The signature is not standard base64.');
  }
  const bytes = Buffer.from(signature, 'base64');
  for (const certificate of claim.merchant.certificates) {
    const found = recover(certificate.verify_key, bytes);
    if (!found) continue;
    const named = claim.authorization.serial_no.toUpperCase() === certificate.serial_no;
    const of = `certificate ${certificate.serial_no}`;
    if (certificate.revoked) return wrong(`Signed with the key of ${of}, which is revoked.`);
    if (!named) return wrong(`Signed with the key of ${of}: serial_no must name it.`);
    if (found.algorithm !== 'SHA-256') return wrong(`Signed over ${found.algorithm}, not SHA-256.`);
    for (const { text, hint } of likelyTexts(call, claim)) {
      if (sha256(text).equals(found.digest)) return wrong(hint, text);
    }
    return wrong(
      'The key is right, the signed text is another one: compare yours with expected_text, line by line.',
    );
  }
  const owner = ownerOf(context, claim.merchant, bytes);
  if (owner) return wrong(`Signed with the private key of merchant ${owner}.`);
  return wrong(
    'Signed with a key that belongs to no merchant here, or not by RSA PKCS#1 v1.5: use the private key of serial_no.',
  );
}

function ownerOf(context: SandboxContext, but: Merchant, bytes: Buffer): string | undefined {
  for (const merchant of context.merchants.values()) {
    if (merchant.mchid === but.mchid) continue;
    if (merchant.certificates.some(({ verify_key }) => recover(verify_key, bytes))) {
      return merchant.mchid;
    }
  }
  return undefined;
}

/** Undefined when the signature was made with another key. */
function recover(key: KeyObject, signature: Buffer): Recovered | undefined {
  try {
    const padding = constants.RSA_PKCS1_PADDING;
    const info = publicDecrypt({ key, padding }, signature).toString('hex');
    for (const [prefix, algorithm] of Object.entries(DIGESTS)) {
      if (info.startsWith(prefix)) {
        return { algorithm, digest: Buffer.from(info.slice(prefix.length), 'hex') };
      }
    }
    return { algorithm: 'an unknown digest', digest: Buffer.alloc(0) };
  } catch {
    return undefined;
  }
}

function sha256(text: Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Beside the text, what a wrong Authorization header itself gives away. */
export function refusedClaim(detail: unknown, call: ApiCall): SignatureVerdict {
  const { field, value } = { field: '', value: '', ...(detail as object | undefined) };
  const given = call.headers.authorization;
  if (given === undefined) {
    return { state: 'missing', hint: 'The request has no Authorization header.' };
  }
  switch (field) {
    case 'mchid':
      return { state: 'wrong', hint: `No merchant of this sandbox has the number ${value}.` };
    case 'timestamp':
      return {
        state: 'wrong',
        hint: /^\d{13}$/.test(value)
          ? 'The timestamp is in milliseconds: it must be in seconds.'
          : 'The timestamp is more than five minutes from this clock.',
      };
    case 'serial_no':
      return { state: 'wrong', hint: 'serial_no is no certificate in force of this merchant.' };
    default:
      return {
        state: 'missing',
        hint: 'Authorization must be WECHATPAY2-SHA256-RSA2048 mchid="…",nonce_str="…",timestamp="…",serial_no="…",signature="…".',
      };
  }
}
