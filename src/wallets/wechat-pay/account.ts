import type { KeyObject } from 'node:crypto';
import { readCertificate } from '../../protocols/wechat-pay/certificates.ts';
import { isWireObject } from '../../protocols/wechat-pay/messages.ts';
import { isApiV3Key } from '../../protocols/wechat-pay/resource.ts';
import { readPrivateKey, readPublicKey } from '../../protocols/wechat-pay/signature.ts';
import type { WalletAccount } from '../wallet.ts';
import { APP_ID, furtherAppIds, idsOf, wrong } from './app-ids.ts';

/**
 * One merchant at WeChat Pay. Settings: `mchid`, `appid`, `serial_no` of the merchant's API
 * certificate; `public_key_id` unless certificates alone are trusted; `role` (`direct`, `partner`
 * for ordinary sub-merchants, `platform` for 收付通), where a partner's or platform's `mchid` is the
 * one that signs (sp_mchid) and the seller comes with each order (`CreateOrder.sub_merchant`);
 * `trust` (`public_key`, `certificate`, `both` during a switch); `payer_codes` (`v3`, or `v2` by
 * `api_v2_key`); `appids`, further app ids of this merchant where payers pay in its `app` or
 * `mini_program`; `sub_appids`, sellers' own app ids by seller number; and, where they differ from
 * the public hosts, `endpoint`, `fallback_endpoint`, `oauth_endpoint`, `oauth_token_endpoint`; a
 * sandbox adds `bridge_url`.
 * Credentials: `private_key` (PEM), `api_v3_key`; `public_key` (PEM) unless certificates alone are
 * trusted, and further public keys under their own `PUB_KEY_ID_…`; optional `app_secret`,
 * `certificate` (apiclient_cert.pem, for the doctor and for v2 reversals) and `api_v2_key`.
 */
export interface MerchantAccount {
  /** Of the wallet account: what outlives a change of settings is kept under it. */
  readonly id: string;
  readonly mchid: string;
  readonly appid: string;
  readonly serial_no: string;
  readonly role: Role;
  readonly trust: Trust;
  readonly endpoint: string;
  /** A second host for calls that may be repeated; undefined when there is none. */
  readonly fallback_endpoint: string | undefined;
  readonly oauth_endpoint: string;
  readonly oauth_token_endpoint: string;
  /** Undefined when certificates alone are trusted. */
  readonly public_key_id: string | undefined;
  readonly private_key: KeyObject;
  /** The public keys WeChat Pay may sign with, by the Wechatpay-Serial that names them. */
  readonly public_keys: ReadonlyMap<string, KeyObject>;
  readonly api_v3_key: string;
  readonly api_v2_key: string | undefined;
  /** The certificate in PEM, for connections that must show it. */
  readonly certificate: string | undefined;
  readonly payer_codes: PayerCodeVersion;
  /** Further app ids of this merchant, by where the payer pays. */
  readonly appids: ReadonlyMap<string, string>;
  /** App ids of sellers' own apps and mini programs, by the seller's number. */
  readonly sub_appids: ReadonlyMap<string, string>;
  readonly app_secret: string | undefined;
}

export const ROLES = ['direct', 'partner', 'platform'] as const;
export type Role = (typeof ROLES)[number];
/** The version of the API by which payer codes are charged. */
export const PAYER_CODE_VERSIONS = ['v3', 'v2'] as const;
export type PayerCodeVersion = (typeof PAYER_CODE_VERSIONS)[number];
export const TRUSTS = ['public_key', 'certificate', 'both'] as const;
export type Trust = (typeof TRUSTS)[number];

const ENDPOINT = 'https://api.mch.weixin.qq.com';
const FALLBACK_ENDPOINT = 'https://api2.mch.weixin.qq.com';
const OAUTH_ENDPOINT = 'https://open.weixin.qq.com';
const OAUTH_TOKEN_ENDPOINT = 'https://api.weixin.qq.com';
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;
const KEY_ID = /^PUB_KEY_ID_[0-9A-Za-z]{1,64}$/;

const SETTINGS: Readonly<Record<string, RegExp>> = {
  mchid: /^\d{8,10}$/,
  appid: APP_ID,
  serial_no: /^[0-9A-Fa-f]{40}$/,
};

/** Throws a Refusal('invalid_parameter') that names the field. */
export function parseAccount(input: {
  settings: unknown;
  credentials: unknown;
}): Pick<WalletAccount, 'settings' | 'credentials'> {
  const given = isWireObject(input.settings) ? input.settings : {};
  const secrets = isWireObject(input.credentials) ? input.credentials : {};
  const settings: Record<string, unknown> & { endpoint?: string; oauth_endpoint?: string } = {};
  for (const [name, form] of Object.entries(SETTINGS)) settings[name] = matching(given, name, form);
  settings.role = choice(given, 'role', ROLES);
  const trust = choice(given, 'trust', TRUSTS);
  settings.trust = trust;
  if (trust !== 'certificate') {
    settings.public_key_id = matching(given, 'public_key_id', KEY_ID);
  }
  settings.endpoint = root(given, 'endpoint', ENDPOINT);
  if (given.fallback_endpoint !== undefined || settings.endpoint === ENDPOINT) {
    settings.fallback_endpoint = root(given, 'fallback_endpoint', FALLBACK_ENDPOINT);
  }
  settings.oauth_endpoint = root(given, 'oauth_endpoint', OAUTH_ENDPOINT);
  const token = given.oauth_endpoint === undefined ? OAUTH_TOKEN_ENDPOINT : settings.oauth_endpoint;
  settings.oauth_token_endpoint = root(given, 'oauth_token_endpoint', token);
  settings.payer_codes = choice(given, 'payer_codes', PAYER_CODE_VERSIONS);
  if (settings.payer_codes === 'v2' && secrets.api_v2_key === undefined) {
    throw wrong('credentials.api_v2_key', 'is needed for payer codes by v2');
  }
  Object.assign(settings, furtherAppIds(given));
  if (given.bridge_url !== undefined) settings.bridge_url = bridgeUrl(given.bridge_url);
  return { settings, credentials: parseCredentials(secrets, trust) };
}

function matching(given: Readonly<Record<string, unknown>>, name: string, form: RegExp): string {
  const value = given[name];
  if (typeof value === 'string' && form.test(value)) return value;
  throw wrong(`settings.${name}`, `must match ${form.source}`);
}

/** The first of the choices when nothing is given. */
function choice<T extends string>(
  given: Readonly<Record<string, unknown>>,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const value = given[name] ?? choices[0];
  const found = choices.find((each) => each === value);
  if (found === undefined) throw wrong(`settings.${name}`, `must be one of ${choices.join(', ')}`);
  return found;
}

function parseCredentials(
  secrets: Readonly<Record<string, unknown>>,
  trust: Trust,
): Record<string, string> {
  const kept: Record<string, string> = {};
  const take = (name: string, good: (value: string) => boolean, rule: string, optional = false) => {
    const given = secrets[name];
    const value = typeof given === 'string' ? given.trim() : '';
    if (value === '' && optional) return;
    if (!good(value)) throw wrong(`credentials.${name}`, rule);
    kept[name] = value;
  };
  const isPublicKey = (pem: string) => readPublicKey(pem) !== undefined;
  take(
    'private_key',
    (pem) => readPrivateKey(pem) !== undefined,
    'must be the PEM of the merchant RSA key (apiclient_key.pem)',
  );
  take(
    'public_key',
    isPublicKey,
    'must be the PEM of the WeChat Pay public key (pub_key.pem)',
    trust === 'certificate',
  );
  take('api_v3_key', isApiV3Key, 'must have exactly 32 bytes');
  take('api_v2_key', isApiV3Key, 'must have exactly 32 bytes', true);
  take('app_secret', () => true, '', true);
  const isCertificate = (pem: string) => readCertificate(pem) !== undefined;
  take(
    'certificate',
    isCertificate,
    'must be the PEM of the certificate (apiclient_cert.pem)',
    true,
  );
  for (const name of Object.keys(secrets).filter((key) => KEY_ID.test(key))) {
    take(name, isPublicKey, 'must be an RSA public key in PEM');
  }
  return kept;
}

/** A root URL without a trailing slash: https, or http on loopback. */
function root(given: Readonly<Record<string, unknown>>, name: string, standard: string): string {
  const value = given[name] ?? standard;
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const loopback = url !== undefined && LOOPBACK.test(url.hostname);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback);
  if (!url || !secure || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw wrong(`settings.${name}`, 'must be the root of an https host (http on loopback only)');
  }
  return url.origin;
}

/** A script standing in for the bridge of WeChat's browser: a sandbox's, so on loopback. */
function bridgeUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !LOOPBACK.test(url.hostname)) {
    throw wrong(
      'settings.bridge_url',
      'must be a URL on loopback; leave it out for the real wallet',
    );
  }
  return url.href;
}

const opened = new WeakMap<WalletAccount, MerchantAccount>();

/** Parses the keys once per account object; they are several times dearer than one signature. */
export function openAccount(account: WalletAccount): MerchantAccount {
  const known = opened.get(account);
  if (known) return known;
  const made = open(account);
  opened.set(account, made);
  return made;
}

function open(account: WalletAccount): MerchantAccount {
  const { settings, credentials } = parseAccount(account);
  const text = (name: string) => String(settings[name]);
  const optional = (name: string) => (settings[name] === undefined ? undefined : text(name));
  const private_key = readPrivateKey(credentials.private_key ?? '');
  if (!private_key) throw wrong('credentials.private_key', 'is not an RSA key');
  return {
    id: account.id,
    mchid: text('mchid'),
    appid: text('appid'),
    serial_no: text('serial_no'),
    role: choice(settings, 'role', ROLES),
    trust: choice(settings, 'trust', TRUSTS),
    endpoint: text('endpoint'),
    fallback_endpoint: optional('fallback_endpoint'),
    oauth_endpoint: text('oauth_endpoint'),
    oauth_token_endpoint: text('oauth_token_endpoint'),
    public_key_id: optional('public_key_id'),
    private_key,
    public_keys: publicKeys(optional('public_key_id'), credentials),
    api_v3_key: credentials.api_v3_key ?? '',
    api_v2_key: credentials.api_v2_key,
    certificate: credentials.certificate,
    payer_codes: choice(settings, 'payer_codes', PAYER_CODE_VERSIONS),
    appids: idsOf(settings.appids),
    sub_appids: idsOf(settings.sub_appids),
    app_secret: credentials.app_secret,
  };
}

/** None where certificates alone are trusted, whatever the credentials hold. */
function publicKeys(
  public_key_id: string | undefined,
  credentials: Readonly<Record<string, string>>,
): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  if (public_key_id === undefined) return keys;
  for (const [name, pem] of Object.entries(credentials)) {
    const id = name === 'public_key' ? public_key_id : name;
    const key = KEY_ID.test(id) ? readPublicKey(pem) : undefined;
    if (key) keys.set(id, key);
  }
  return keys;
}
