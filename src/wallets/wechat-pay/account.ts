import type { KeyObject } from 'node:crypto';
import { Refusal } from '../../errors.ts';
import { isWireObject } from '../../protocols/wechat-pay/messages.ts';
import { isApiV3Key } from '../../protocols/wechat-pay/resource.ts';
import { readPrivateKey, readPublicKey } from '../../protocols/wechat-pay/signature.ts';
import type { WalletAccount } from '../wallet.ts';

/**
 * One merchant at WeChat Pay, in public-key mode. Settings: `mchid`, `appid`, `serial_no` of the
 * merchant's API certificate, `public_key_id` and, where they differ from the public hosts,
 * `endpoint`, `oauth_endpoint`, `oauth_token_endpoint`; a sandbox adds `bridge_url`.
 * Credentials: `private_key`, `public_key` (PEM), `api_v3_key`, `app_secret`, and further public
 * keys under their own `PUB_KEY_ID_…`.
 */
export interface MerchantAccount {
  readonly mchid: string;
  readonly appid: string;
  readonly serial_no: string;
  readonly endpoint: string;
  readonly oauth_endpoint: string;
  readonly oauth_token_endpoint: string;
  readonly public_key_id: string;
  readonly private_key: KeyObject;
  /** The keys WeChat Pay may sign with, by the Wechatpay-Serial that names them. */
  readonly key_ring: ReadonlyMap<string, KeyObject>;
  readonly api_v3_key: string;
  readonly app_secret: string | undefined;
}

const ENDPOINT = 'https://api.mch.weixin.qq.com';
const OAUTH_ENDPOINT = 'https://open.weixin.qq.com';
const OAUTH_TOKEN_ENDPOINT = 'https://api.weixin.qq.com';
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;
const KEY_ID = /^PUB_KEY_ID_[0-9A-Za-z]{1,64}$/;

const SETTINGS: Readonly<Record<string, RegExp>> = {
  mchid: /^\d{8,10}$/,
  appid: /^wx[0-9a-f]{16}$/,
  serial_no: /^[0-9A-Fa-f]{40}$/,
  public_key_id: KEY_ID,
};

/** Throws a Refusal('invalid_parameter') that names the field. */
export function parseAccount(input: {
  settings: unknown;
  credentials: unknown;
}): Pick<WalletAccount, 'settings' | 'credentials'> {
  const given = isWireObject(input.settings) ? input.settings : {};
  const secrets = isWireObject(input.credentials) ? input.credentials : {};
  const settings: Record<string, string> = {};
  for (const [name, form] of Object.entries(SETTINGS)) {
    const value = given[name];
    if (typeof value !== 'string' || !form.test(value))
      throw wrong(`settings.${name}`, `must match ${form.source}`);
    settings[name] = value;
  }
  settings.endpoint = root(given, 'endpoint', ENDPOINT);
  settings.oauth_endpoint = root(given, 'oauth_endpoint', OAUTH_ENDPOINT);
  const token = given.oauth_endpoint === undefined ? OAUTH_TOKEN_ENDPOINT : settings.oauth_endpoint;
  settings.oauth_token_endpoint = root(given, 'oauth_token_endpoint', token);
  if (given.bridge_url !== undefined) settings.bridge_url = bridgeUrl(given.bridge_url);
  return { settings, credentials: parseCredentials(secrets) };
}

function parseCredentials(secrets: Readonly<Record<string, unknown>>): Record<string, string> {
  const read = (name: string) => {
    const value = secrets[name];
    return typeof value === 'string' ? value.trim() : '';
  };
  const private_key = read('private_key');
  if (!readPrivateKey(private_key)) {
    throw wrong(
      'credentials.private_key',
      'must be the PEM of the merchant RSA key (apiclient_key.pem)',
    );
  }
  const public_key = read('public_key');
  if (!readPublicKey(public_key)) {
    throw wrong(
      'credentials.public_key',
      'must be the PEM of the WeChat Pay public key (pub_key.pem)',
    );
  }
  const api_v3_key = read('api_v3_key');
  if (!isApiV3Key(api_v3_key)) throw wrong('credentials.api_v3_key', 'must have exactly 32 bytes');
  const app_secret = read('app_secret');
  const ring: Record<string, string> = {};
  for (const name of Object.keys(secrets).filter((key) => KEY_ID.test(key))) {
    if (!readPublicKey(read(name)))
      throw wrong(`credentials.${name}`, 'must be an RSA public key in PEM');
    ring[name] = read(name);
  }
  return {
    private_key,
    public_key,
    api_v3_key,
    ...(app_secret === '' ? {} : { app_secret }),
    ...ring,
  };
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

function wrong(param: string, rule: string): Refusal {
  return new Refusal('invalid_parameter', { param, message: `${param} ${rule}.` });
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
  const private_key = readPrivateKey(credentials.private_key ?? '');
  const key_ring = new Map<string, KeyObject>();
  for (const [name, pem] of Object.entries(credentials)) {
    const id = name === 'public_key' ? text('public_key_id') : name;
    const key = KEY_ID.test(id) ? readPublicKey(pem) : undefined;
    if (key) key_ring.set(id, key);
  }
  if (!private_key) throw wrong('credentials.private_key', 'is not an RSA key');
  return {
    mchid: text('mchid'),
    appid: text('appid'),
    serial_no: text('serial_no'),
    endpoint: text('endpoint'),
    oauth_endpoint: text('oauth_endpoint'),
    oauth_token_endpoint: text('oauth_token_endpoint'),
    public_key_id: text('public_key_id'),
    private_key,
    key_ring,
    api_v3_key: credentials.api_v3_key ?? '',
    app_secret: credentials.app_secret,
  };
}
