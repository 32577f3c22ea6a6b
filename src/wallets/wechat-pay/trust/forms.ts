import { createPublicKey, X509Certificate } from 'node:crypto';
import { isApiV3Key } from '../../../protocols/wechat-pay/resource.ts';
import { readPrivateKey, readPublicKey } from '../../../protocols/wechat-pay/signature.ts';
import type { CredentialCheck, WalletAccount } from '../../wallet.ts';

/** What can be said of credentials without asking the wallet: their forms, and what fits what. */
export function passed(name: string, message: string): CredentialCheck {
  return { name, ok: true, message };
}

export function failed(name: string, message: string): CredentialCheck {
  return { name, ok: false, message };
}

const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '');

export function checkForms({ settings, credentials }: WalletAccount): CredentialCheck[] {
  const rules: [name: string, ok: boolean, good: string, bad: string][] = [
    [
      'private_key form',
      readPrivateKey(text(credentials.private_key)) !== undefined,
      'private_key is an RSA private key.',
      'private_key is not an RSA private key in PEM: use apiclient_key.pem.',
    ],
    [
      'serial_no form',
      /^[0-9A-Fa-f]{40}$/.test(text(settings.serial_no)),
      'serial_no has 40 hex digits.',
      'serial_no must be the 40 hex digits of the merchant API certificate.',
    ],
    [
      'api_v3_key form',
      isApiV3Key(text(credentials.api_v3_key)),
      'api_v3_key has 32 bytes.',
      'api_v3_key must have exactly 32 bytes.',
    ],
  ];
  if (settings.trust !== 'certificate') {
    rules.push(
      [
        'public_key form',
        readPublicKey(text(credentials.public_key)) !== undefined,
        'public_key is an RSA public key.',
        'public_key is not an RSA public key in PEM: use pub_key.pem, not a certificate.',
      ],
      [
        'public_key_id form',
        text(settings.public_key_id).startsWith('PUB_KEY_ID_'),
        'public_key_id begins with PUB_KEY_ID_.',
        'public_key_id must begin with PUB_KEY_ID_: copy it from the merchant console.',
      ],
    );
  }
  return rules.map(([name, ok, good, bad]) => ({ name, ok, message: ok ? good : bad }));
}

/** A public key that is the merchant's own half can never be the wallet's. */
export function checkOwnHalf({ credentials }: WalletAccount): CredentialCheck[] {
  const own = readPrivateKey(text(credentials.private_key));
  const theirs = readPublicKey(text(credentials.public_key));
  if (!own || !theirs || !createPublicKey(own).equals(theirs)) return [];
  return [
    failed(
      'public_key',
      'public_key is wrong: it is the public half of private_key; use the pub_key.pem of WeChat Pay.',
    ),
  ];
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** Optional, and worth giving: it tells which of number, serial and key is the odd one out. */
export function checkCertificate(
  { settings, credentials }: WalletAccount,
  real: Date,
): CredentialCheck[] {
  const name = 'certificate';
  const pem = text(credentials.certificate);
  if (pem === '') return [];
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return [failed(name, 'certificate is not a certificate in PEM: use apiclient_cert.pem.')];
  }
  const key = readPrivateKey(text(credentials.private_key));
  const problems: string[] = [];
  const mchid = text(settings.mchid);
  const owner = /(?:^|\n)CN=([^\n]*)/.exec(certificate.subject)?.[1] ?? '';
  const issuer = certificate.issuer.replaceAll('\n', ', ');
  if (!issuer.includes('Tenpay.com')) {
    problems.push(`certificate is issued by ${issuer.slice(0, 120)}, not by Tenpay.com`);
  } else if (!owner.includes(mchid)) {
    problems.push(`certificate is of ${owner.slice(0, 40)}, not of mchid ${mchid}`);
  }
  const serial = certificate.serialNumber.toUpperCase();
  if (serial !== text(settings.serial_no).toUpperCase()) {
    problems.push(`serial_no is wrong: the certificate's is ${serial}`);
  }
  if (key && !certificate.checkPrivateKey(key)) {
    problems.push('private_key is wrong: it does not belong to the certificate');
  }
  const left_ms = new Date(certificate.validTo).getTime() - real.getTime();
  if (left_ms <= 0) problems.push(`certificate expired on ${certificate.validTo}`);
  if (problems.length > 0) return [failed(name, `${problems.join('; ')}.`)];
  const days = Math.floor(left_ms / DAY_MS);
  const soon = days < SOON_DAYS ? ': issue a new one in the merchant console' : '';
  return [
    passed(name, `certificate, serial_no, private_key and mchid fit; ${days} days left${soon}.`),
  ];
}
