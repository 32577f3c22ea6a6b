import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import {
  type PlatformCertificate,
  readCertificate,
} from '../../protocols/wechat-pay/certificates.ts';
import { isApiV3Key } from '../../protocols/wechat-pay/resource.ts';
import { readPrivateKey } from '../../protocols/wechat-pay/signature.ts';
import type { Wallet, WalletAccount } from '../wallet.ts';

/**
 * A merchant at Douyin Pay. Settings: `mchid`, `appid`, `serial_no` of the merchant's API
 * certificate, `endpoint`. Credentials: `private_key` (PEM), `encrypt_key` (接口加密密钥, 32 characters)
 * and `platform_certificate` (the wallet's, PEM); later ones are fetched by their serial number.
 */
const ENDPOINT = 'https://api.douyinpay.com';
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

function isRoot(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search } = new URL(text);
  const secure = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return secure && pathname === '/' && search === '';
}

const settingsSchema = z.strictObject({
  mchid: z.string().regex(/^\d{8,20}$/, 'must be the digits of the merchant number'),
  appid: z.string().regex(/^[0-9a-z]{8,32}$/, 'must be the app id of the open platform'),
  serial_no: z.string().regex(/^[0-9A-Fa-f]{8,40}$/, 'must be the hex digits of the certificate'),
  endpoint: z
    .string()
    .max(256)
    .refine(isRoot, 'must be the root of an https host (http on loopback only)')
    .default(ENDPOINT),
});

const credentialsSchema = z.strictObject({
  private_key: z
    .string()
    .max(8192)
    .refine((pem) => readPrivateKey(pem) !== undefined, 'must be an RSA private key in PEM'),
  encrypt_key: z.string().refine(isApiV3Key, 'must have exactly 32 characters'),
  platform_certificate: z
    .string()
    .max(16_384)
    .refine((pem) => readCertificate(pem) !== undefined, 'must be an RSA certificate in PEM'),
});

export interface DouyinAccount extends z.infer<typeof settingsSchema> {
  readonly id: string;
  readonly private_key: KeyObject;
  readonly encrypt_key: string;
  readonly certificate: PlatformCertificate;
}

function checked<T>(schema: z.ZodType<T>, value: unknown, group: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const param = [group, ...(issue?.path ?? [])].join('.');
  // The message of an issue names the rule, never the value, so no secret can be in it.
  throw new Refusal('invalid_parameter', { param, message: `${param}: ${issue?.message}` });
}

export const parseAccount: Wallet['parseAccount'] = (input) => ({
  settings: checked(settingsSchema, input.settings, 'settings'),
  credentials: checked(credentialsSchema, input.credentials, 'credentials'),
});

/** Parsed keys live exactly as long as the account object they belong to. */
const opened = new WeakMap<WalletAccount, DouyinAccount>();

export function openAccount(account: WalletAccount): DouyinAccount {
  const known = opened.get(account);
  if (known) return known;
  const settings = checked(settingsSchema, account.settings, 'settings');
  const secrets = checked(credentialsSchema, account.credentials, 'credentials');
  const certificate = readCertificate(secrets.platform_certificate);
  if (!certificate) throw new Refusal('invalid_parameter', { param: 'credentials' });
  const made: DouyinAccount = {
    ...settings,
    id: account.id,
    private_key: createPrivateKey(secrets.private_key),
    encrypt_key: secrets.encrypt_key,
    certificate,
  };
  opened.set(account, made);
  return made;
}
