import type { KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import {
  certIdOf,
  isKeyOf,
  readCertificate,
  readPrivateKey,
  type TrustStore,
  UnionPayKeyError,
} from '../../protocols/union-pay/certificates.ts';
import { MER_ID } from '../../protocols/union-pay/transactions.ts';
import type { Wallet, WalletAccount } from '../wallet.ts';
import { readPfx } from './pfx.ts';
import { TrustedSigners } from './trust.ts';

/**
 * A merchant at UnionPay's gateway. Settings: `mer_id`, `gateway`, `file_gateway`, and
 * `test_signer` for UnionPay's test environment. Credentials: the merchant's key and certificate
 * (`private_key` and `certificate` in PEM, or the `pfx` file in base64 with `pfx_password`), and
 * UnionPay's `root_certificate` and `middle_certificate`.
 * https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=448
 */
const PRODUCTION_GATEWAY = 'https://gateway.95516.com/gateway/api';
const PRODUCTION_FILES = 'https://filedownload.95516.com/';
const TEST_HOST = /(?:^|\.)test\.95516\.com$/;
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

function isAllowedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}

function isTestUrl(text: string): boolean {
  const { hostname } = new URL(text);
  return TEST_HOST.test(hostname) || LOOPBACK.includes(hostname);
}

const address = z
  .string()
  .max(256)
  .refine(isAllowedUrl, 'must be an https address (http on loopback only)');

const settingsSchema = z.strictObject({
  mer_id: z.string().regex(MER_ID, 'must be the 15 characters of the merchant'),
  gateway: address.default(PRODUCTION_GATEWAY),
  file_gateway: address.default(PRODUCTION_FILES),
  /** UnionPay's test environment signs under a name of its own. */
  test_signer: z.boolean().exactOptional(),
});

const certificate = z.string().min(1).max(8192);
const trust = { root_certificate: certificate, middle_certificate: certificate };

const pemSchema = z.strictObject({
  private_key: z.string().min(1).max(8192),
  certificate,
  ...trust,
});
const pfxSchema = z.strictObject({
  pfx: z.string().min(1).max(32_768),
  pfx_password: z.string().max(256),
  ...trust,
});

export interface UnionPayAccount {
  /** The hub's own id of it. */
  readonly id: string;
  readonly mer_id: string;
  readonly gateway: string;
  readonly file_gateway: string;
  readonly private_key: KeyObject;
  readonly cert_id: string;
  readonly certificate: X509Certificate;
  readonly signers: TrustedSigners;
}

function refuse(param: string, message: string, cause?: unknown): never {
  throw new Refusal('invalid_parameter', { param, message: `${param}: ${message}`, cause });
}

function checked<T>(schema: z.ZodType<T>, value: unknown, group: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  // The message of an issue names the rule, never the value, so no secret can be in it.
  return refuse([group, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is not valid');
}

function parsed<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof UnionPayKeyError)) throw cause;
    return refuse(`credentials.${name}`, cause.message, cause);
  }
}

interface Pair {
  readonly private_key: KeyObject;
  readonly certificate: X509Certificate;
}

function pairFrom(credentials: unknown): Pair {
  const fromPfx = typeof credentials === 'object' && credentials !== null && 'pfx' in credentials;
  if (fromPfx) {
    const { pfx, pfx_password } = checked(pfxSchema, credentials, 'credentials');
    return parsed('pfx', () => readPfx(pfx, pfx_password));
  }
  const pem = checked(pemSchema, credentials, 'credentials');
  const private_key = parsed('private_key', () => readPrivateKey(pem.private_key));
  const found = parsed('certificate', () => readCertificate(pem.certificate));
  if (!isKeyOf(found, private_key)) {
    refuse('credentials.private_key', 'does not belong to credentials.certificate');
  }
  return { private_key, certificate: found };
}

function storeFrom(credentials: unknown, test_signer: boolean): TrustStore {
  const texts = credentials as Readonly<Record<string, string>>;
  const read = (name: string) => parsed(name, () => readCertificate(texts[name] ?? ''));
  const root = read('root_certificate');
  const middle = read('middle_certificate');
  if (!root.ca) refuse('credentials.root_certificate', 'is no certificate of an authority');
  if (!middle.ca) refuse('credentials.middle_certificate', 'is no certificate of an authority');
  if (!middle.checkIssued(root) || !middle.verify(root.publicKey)) {
    refuse('credentials.middle_certificate', 'was not issued by root_certificate');
  }
  return { root, middle, test_signer };
}

type Given = { readonly id?: string; readonly settings: unknown; readonly credentials: unknown };

function readAccount(input: Given): UnionPayAccount {
  const { test_signer, ...settings } = checked(settingsSchema, input.settings, 'settings');
  if (test_signer === true && !isTestUrl(settings.gateway)) {
    refuse('settings.test_signer', 'is for UnionPay’s test gateway only');
  }
  const pair = pairFrom(input.credentials);
  const store = storeFrom(input.credentials, test_signer ?? false);
  return {
    id: input.id ?? '',
    ...settings,
    ...pair,
    cert_id: certIdOf(pair.certificate),
    signers: new TrustedSigners(store),
  };
}

export const parseAccount: Wallet['parseAccount'] = (input) => {
  readAccount(input);
  return {
    settings: checked(settingsSchema, input.settings, 'settings'),
    credentials: checked(z.union([pemSchema, pfxSchema]), input.credentials, 'credentials'),
  };
};

/** Parsed keys live exactly as long as the account object they belong to. */
const opened = new WeakMap<WalletAccount, UnionPayAccount>();

export function openAccount(account: WalletAccount): UnionPayAccount {
  let found = opened.get(account);
  if (!found) {
    found = readAccount(account);
    opened.set(account, found);
  }
  return found;
}
