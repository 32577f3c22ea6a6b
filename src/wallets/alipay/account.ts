import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { parseAesKey } from '../../protocols/alipay/content.ts';
import { AlipayKeyError, parsePrivateKey, parsePublicKey } from '../../protocols/alipay/keys.ts';
import type { Refused, Wallet, WalletAccount } from '../wallet.ts';
import { CertificateTrust } from './trust/certificates.ts';

/**
 * An Alipay application. Settings: `app_id`, `seller_id` (the merchant's 2088 number), `gateway`,
 * `oauth_endpoint`, `protocol`. Credentials: `private_key` (ours) and, in key mode,
 * `alipay_public_key` (the wallet's, from the console, not our own); in certificate mode
 * `app_certificate`, `alipay_certificate` and `alipay_root_certificate` instead. `aes_key` encrypts
 * the content of calls, `app_auth_token` lets a third party's application act for a merchant.
 * https://opendocs.alipay.com/common/02kipl
 */
const PRODUCTION_GATEWAY = 'https://openapi.alipay.com/gateway.do';
const PRODUCTION_LOGIN = 'https://openauth.alipay.com';

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && LOOPBACK.includes(hostname);
}

function isAllowedUrl(text: string): boolean {
  return isLoopbackUrl(text) || (URL.canParse(text) && new URL(text).protocol === 'https:');
}

const address = z
  .string()
  .max(256)
  .refine(isAllowedUrl, 'must be an https address (http on loopback only)');

const settingsSchema = z.strictObject({
  app_id: z.string().regex(/^\d{16,20}$/, 'must be the 16 to 20 digits of the application'),
  seller_id: z.string().regex(/^2088\d{12}$/, 'must be 16 digits that start with 2088'),
  gateway: address.default(PRODUCTION_GATEWAY),
  oauth_endpoint: address.default(PRODUCTION_LOGIN),
  /** gateway.do, or OpenAPI v3 on the same host; pages are gateway.do with both. */
  protocol: z.enum(['gateway', 'v3']).default('gateway'),
  /** The sandbox's stand-in for the bridge that Alipay's own browser has built in. */
  bridge_url: z
    .string()
    .max(256)
    .refine(isLoopbackUrl, 'is a script for a sandbox on loopback only')
    .exactOptional(),
});

const pem = z.string().max(16_384);

const credentialsSchema = z.strictObject({
  private_key: z.string().max(8192),
  alipay_public_key: z.string().max(4096).exactOptional(),
  app_certificate: pem.exactOptional(),
  alipay_certificate: pem.exactOptional(),
  alipay_root_certificate: z.string().max(65_536).exactOptional(),
  aes_key: z.string().max(64).exactOptional(),
  app_auth_token: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,64}$/, 'must be the token as it was given')
    .exactOptional(),
});
type Credentials = z.infer<typeof credentialsSchema>;

export interface AlipayAccount extends z.infer<typeof settingsSchema> {
  /** Of the hub; empty while an account is only tried. */
  readonly id: string;
  readonly private_key: KeyObject;
  /** Key mode: the one key of the wallet. Certificate mode: its certificates, new ones included. */
  readonly trust: KeyTrust | CertificateTrust;
  readonly aes_key?: Buffer;
  readonly app_auth_token?: string;
}

export interface KeyTrust {
  readonly mode: 'key';
  readonly alipay_public_key: KeyObject;
}

function checked<T>(schema: z.ZodType<T>, value: unknown, group: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const param = [group, ...(issue?.path ?? [])].join('.');
  // The message of an issue names the rule, never the value, so no secret can be in it.
  throw new Refusal('invalid_parameter', { param, message: `${param}: ${issue?.message}` });
}

function wrong(name: keyof Credentials, message: string, cause?: unknown): Refusal {
  const param = `credentials.${name}`;
  return new Refusal('invalid_parameter', { param, message: `${param}: ${message}`, cause });
}

function parsed<T>(name: keyof Credentials, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof AlipayKeyError)) throw cause;
    throw wrong(name, cause.message, cause);
  }
}

/** True when the key meant to be the wallet's is the public half of our own. */
export function isOwnPublicKey(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey);
}

const CERTIFICATES = ['app_certificate', 'alipay_certificate', 'alipay_root_certificate'] as const;

function readKeyTrust(credentials: Credentials, private_key: KeyObject): KeyTrust {
  const text = credentials.alipay_public_key;
  if (text === undefined) {
    throw wrong(
      'alipay_public_key',
      'is missing; in certificate mode app_certificate, alipay_certificate and alipay_root_certificate stand instead',
    );
  }
  const alipay_public_key = parsed('alipay_public_key', text, parsePublicKey);
  if (isOwnPublicKey(private_key, alipay_public_key)) {
    const message =
      'this is your own application public key; copy 支付宝公钥 (the key Alipay shows after you uploaded yours)';
    throw wrong('alipay_public_key', message);
  }
  return { mode: 'key', alipay_public_key };
}

function readTrust(credentials: Credentials, private_key: KeyObject): AlipayAccount['trust'] {
  const given = CERTIFICATES.filter((name) => credentials[name] !== undefined);
  if (given.length === 0) return readKeyTrust(credentials, private_key);
  if (credentials.alipay_public_key !== undefined) {
    throw wrong('alipay_public_key', 'belongs to key mode; in certificate mode leave it out');
  }
  const missing = CERTIFICATES.find((name) => !given.includes(name));
  if (missing) throw wrong(missing, 'is missing; certificate mode needs all three certificates');
  const {
    app_certificate = '',
    alipay_certificate = '',
    alipay_root_certificate = '',
  } = credentials;
  const trust = new CertificateTrust();
  parsed('alipay_root_certificate', alipay_root_certificate, (text) => trust.setRoots(text));
  parsed('app_certificate', app_certificate, (text) => trust.setOwn(text, private_key));
  parsed('alipay_certificate', alipay_certificate, (text) => trust.setAlipay(text, private_key));
  return trust;
}

function readAccount(input: {
  id?: string;
  settings: unknown;
  credentials: unknown;
}): AlipayAccount {
  const settings = checked(settingsSchema, input.settings, 'settings');
  const credentials = checked(credentialsSchema, input.credentials, 'credentials');
  const private_key = parsed('private_key', credentials.private_key, parsePrivateKey);
  const { aes_key, app_auth_token } = credentials;
  return {
    ...settings,
    id: input.id ?? '',
    private_key,
    trust: readTrust(credentials, private_key),
    ...(aes_key !== undefined && { aes_key: parsed('aes_key', aes_key, parseAesKey) }),
    ...(app_auth_token !== undefined && { app_auth_token }),
  };
}

export const parseAccount: Wallet['parseAccount'] = (input) => {
  readAccount(input);
  const credentials = checked(credentialsSchema, input.credentials, 'credentials');
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(credentials)) kept[name] = value;
  return { settings: checked(settingsSchema, input.settings, 'settings'), credentials: kept };
};

/** Parsed keys live exactly as long as the account object they belong to. */
const opened = new WeakMap<WalletAccount, AlipayAccount>();

export function openAccount(account: WalletAccount): AlipayAccount {
  let found = opened.get(account);
  if (!found) {
    found = readAccount(account);
    opened.set(account, found);
  }
  return found;
}

/** Persons and codes belong to an application, and an account is one of them. Nothing was sent. */
export function otherApp(
  { app_id }: Pick<AlipayAccount, 'app_id'>,
  operation: string,
  named: string | undefined,
): Refused | undefined {
  if (named === undefined || named === app_id) return undefined;
  const message = `${named.slice(0, 32)} is not the application of this account.`;
  const trace = { operation, duration_ms: 0, request: {} };
  return { kind: 'refused', code: 'invalid_request', message, trace };
}
