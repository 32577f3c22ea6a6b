import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { AlipayKeyError, parsePrivateKey, parsePublicKey } from '../../protocols/alipay/keys.ts';
import type { Wallet, WalletAccount } from '../wallet.ts';

/**
 * An Alipay application in key mode. Settings: `app_id`, `seller_id` (the merchant's 2088 number),
 * `gateway`, `oauth_endpoint`. Credentials: `private_key` (ours) and `alipay_public_key` (the
 * wallet's, from the console, not our own). https://opendocs.alipay.com/common/02kipl
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
  /** The sandbox's stand-in for the bridge that Alipay's own browser has built in. */
  bridge_url: z
    .string()
    .max(256)
    .refine(isLoopbackUrl, 'is a script for a sandbox on loopback only')
    .exactOptional(),
});

const credentialsSchema = z.strictObject({
  private_key: z.string().max(8192),
  alipay_public_key: z.string().max(4096),
});

export interface AlipayAccount extends z.infer<typeof settingsSchema> {
  readonly private_key: KeyObject;
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

function parsedKey(name: string, text: string, parse: (text: string) => KeyObject): KeyObject {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof AlipayKeyError)) throw cause;
    const param = `credentials.${name}`;
    throw new Refusal('invalid_parameter', { param, message: `${param}: ${cause.message}`, cause });
  }
}

/** True when the key meant to be the wallet's is the public half of our own. */
export function isOwnPublicKey(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey);
}

function readAccount(input: { settings: unknown; credentials: unknown }): AlipayAccount {
  const settings = checked(settingsSchema, input.settings, 'settings');
  const credentials = checked(credentialsSchema, input.credentials, 'credentials');
  const private_key = parsedKey('private_key', credentials.private_key, parsePrivateKey);
  const alipay_public_key = parsedKey(
    'alipay_public_key',
    credentials.alipay_public_key,
    parsePublicKey,
  );
  if (isOwnPublicKey(private_key, alipay_public_key)) {
    const param = 'credentials.alipay_public_key';
    const message = `${param}: this is your own application public key; copy 支付宝公钥 (the key Alipay shows after you uploaded yours)`;
    throw new Refusal('invalid_parameter', { param, message });
  }
  return { ...settings, private_key, alipay_public_key };
}

export const parseAccount: Wallet['parseAccount'] = (input) => {
  readAccount(input);
  return {
    settings: checked(settingsSchema, input.settings, 'settings'),
    credentials: checked(credentialsSchema, input.credentials, 'credentials'),
  };
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
