import type { CredentialCheck } from '../../wallet.ts';
import type { AlipayAccount } from '../account.ts';

/** What the wallet's refusal of a harmless query says of our settings and secrets. */
export function pass(name: string, message: string): CredentialCheck {
  return { name, ok: true, message };
}

export function fail(name: string, message: string): CredentialCheck {
  return { name, ok: false, message };
}

/** In the wallet's own order of checks: what comes before the one that failed was accepted. */
const ORDER = [
  'app_id',
  'app_certificate',
  'alipay_root_certificate',
  'private_key',
  'timestamps',
  'aes_key',
  'app_auth_token',
  'permissions',
] as const;
type Name = (typeof ORDER)[number];

interface Finding {
  readonly name: Name;
  readonly message: string;
}

const NOT_IN_MODE =
  'the application is in the other mode: the console says whether 公钥 or 公钥证书 is set';

const FINDINGS: Readonly<Record<string, Finding>> = {
  'isv.invalid-app-id': {
    name: 'app_id',
    message: 'Alipay does not know this app_id; check it, and whether the gateway is the sandbox',
  },
  'isv.missing-app-cert-sn': { name: 'app_certificate', message: NOT_IN_MODE },
  'isv.missing-alipay-root-cert-sn': { name: 'alipay_root_certificate', message: NOT_IN_MODE },
  'isv.app-cert-not-exist': {
    name: 'app_certificate',
    message: 'Alipay does not know this application certificate; upload it, or use the newest one',
  },
  'isv.app-cert-expired': {
    name: 'app_certificate',
    message: 'the application certificate is no longer in force; have a new one issued',
  },
  'isv.invalid-alipay-root-cert-sn': {
    name: 'alipay_root_certificate',
    message: 'these are not the root certificates of this gateway; download 支付宝根证书 again',
  },
  'isv.invalid-signature': {
    name: 'private_key',
    message:
      'Alipay cannot verify our signature: private_key does not belong to the application public key uploaded in the console',
  },
  'isv.missing-signature-key': {
    name: 'private_key',
    message: 'no application public key is uploaded in the console for this app_id',
  },
  'isv.missing-signature-config': {
    name: 'private_key',
    message: 'no application public key or certificate is uploaded in the console for this app_id',
  },
  'isv.invalid-timestamp': {
    name: 'timestamps',
    message: 'Alipay refuses the time of our calls: set the clock of this machine',
  },
  'isv.invalid-encrypt-type': {
    name: 'aes_key',
    message: 'the application has no content encryption; leave aes_key out or switch it on',
  },
  'isv.decryption-error-unknown': {
    name: 'aes_key',
    message: 'Alipay cannot decrypt our content: aes_key is not the one of the console',
  },
  'aop.invalid-app-auth-token': {
    name: 'app_auth_token',
    message: 'the merchant never gave this token to this application, or took it back',
  },
  'aop.app-auth-token-time-out': {
    name: 'app_auth_token',
    message: 'the token is past its time: refresh it, or ask the merchant again',
  },
  'isv.insufficient-isv-permissions': {
    name: 'permissions',
    message: 'the application is not signed up for payments, or is not online',
  },
};

/** The checks an account of this kind goes through. */
function namesOf(account: AlipayAccount): readonly Name[] {
  const { trust, aes_key, app_auth_token } = account;
  return ORDER.filter((name) => {
    if (name === 'app_certificate' || name === 'alipay_root_certificate') {
      return trust.mode === 'certificate';
    }
    if (name === 'aes_key') return aes_key !== undefined;
    return name === 'app_auth_token' ? app_auth_token !== undefined : true;
  });
}

/** What was accepted before the check that failed. */
export function accepted(account: AlipayAccount, failed: Name): CredentialCheck[] {
  const rank = ORDER.indexOf(failed);
  return namesOf(account)
    .filter((name) => ORDER.indexOf(name) < rank)
    .map((name) => pass(name, 'accepted'));
}

export function diagnose(account: AlipayAccount, sub_code: string): CredentialCheck[] {
  if (sub_code === 'ACQ.TRADE_NOT_EXIST') {
    return namesOf(account).map((name) => pass(name, 'accepted'));
  }
  const found = FINDINGS[sub_code];
  if (!found) {
    return [fail('app_id', `Alipay answered ${sub_code || 'nothing known'} to a harmless query`)];
  }
  return [...accepted(account, found.name), fail(found.name, found.message)];
}
