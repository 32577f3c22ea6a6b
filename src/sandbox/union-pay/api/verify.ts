import { createHash, type KeyObject, verify } from 'node:crypto';
import { signatureBytes } from '../../../protocols/base64.ts';
import type { Message } from '../../../protocols/union-pay/message.ts';
import {
  digestOf,
  SIGN_METHOD_RSA,
  textToSign,
  VERSION,
  verifyMessage,
} from '../../../protocols/union-pay/signature.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { Merchant, UnionPay } from '../books.ts';
import { required, WireRefusal } from './call.ts';

/** Who sent this request, and whether it is theirs; what was wrong with it, with a hint. */
export interface Verified {
  readonly merchant: Merchant;
  readonly signature: SignatureVerdict;
}

export class Unverified extends WireRefusal {
  readonly signature: SignatureVerdict;
  constructor(code: '10' | '11' | '31', signature: SignatureVerdict) {
    super(code, signature.hint);
    this.signature = signature;
  }
}

const SHOWN = 4096;

function encodedText(message: Message): string {
  return [...message]
    .filter(([name, value]) => name !== 'signature' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

function emptyKept(message: Message): string {
  return [...message.keys()]
    .filter((name) => name !== 'signature')
    .sort()
    .map((name) => `${name}=${message.get(name) ?? ''}`)
    .join('&');
}

interface Mistake {
  readonly hint: string;
  readonly signed_text: string;
}

/** The usual mistakes, tried one by one; undefined when none of them explains the signature. */
function mistakeIn(key: KeyObject, message: Message): Mistake | undefined {
  const bytes = signatureBytes(message.get('signature') ?? '');
  if (!bytes) return undefined;
  const text = textToSign(message);
  const digest = digestOf(text);
  const sha1 = createHash('sha1').update(text).digest('hex');
  const tried: readonly (readonly [string, string, 'sha256' | 'sha1'])[] = [
    ['sign the hex of the SHA-256, not the text itself', text, 'sha256'],
    ['the hex of the digest must be lower case', digest.toUpperCase(), 'sha256'],
    ['version 5.1.0 hashes with SHA-256, not with SHA-1', sha1, 'sha1'],
    ['empty values are no part of the text', digestOf(emptyKept(message)), 'sha256'],
    [
      'values are signed as they are, before URL encoding',
      digestOf(encodedText(message)),
      'sha256',
    ],
  ];
  for (const [hint, signed_text, hash] of tried) {
    if (verify(hash, Buffer.from(signed_text, 'utf8'), key, bytes)) return { hint, signed_text };
  }
  return undefined;
}

function wrong(hint: string, message: Message, more: Partial<SignatureVerdict> = {}) {
  const expected_text = textToSign(message).slice(0, SHOWN);
  return new Unverified('11', { state: 'wrong', hint, expected_text, ...more });
}

/** Throws Unverified; what is checked first is refused first, as at the gateway. */
export function verifyRequest(union: UnionPay, message: Message): Verified {
  const unchecked = (hint: string) => ({ state: 'not_checked', hint }) as const;
  if (message.get('version') !== VERSION) {
    throw new Unverified('10', unchecked(`version must be ${VERSION}`));
  }
  if (!/^utf-?8$/i.test(message.get('encoding') ?? '')) {
    throw new Unverified('10', unchecked('encoding: this sandbox reads UTF-8 only'));
  }
  if (message.get('signMethod') !== SIGN_METHOD_RSA) {
    throw new Unverified('10', unchecked('signMethod: this sandbox knows 01 (RSA) only'));
  }
  const merchant = union.merchants.get(required({ message }, 'merId'));
  if (!merchant) throw new Unverified('31', unchecked('merId: no such merchant'));
  if ((message.get('signature') ?? '') === '') {
    throw new Unverified('11', { state: 'missing', hint: 'signature is missing' });
  }
  const key = merchant.keys.get(required({ message }, 'certId'));
  if (!key) {
    throw wrong(
      'certId is not the serial number, in decimal, of this merchant’s certificate',
      message,
    );
  }
  if (!verifyMessage(key, message)) {
    const mistake = mistakeIn(key, message);
    if (mistake) throw wrong(mistake.hint, message, { signed_text: mistake.signed_text });
    throw wrong('the signature is not of this text, or the private key is another', message);
  }
  return { merchant, signature: { state: 'valid', hint: '' } };
}
