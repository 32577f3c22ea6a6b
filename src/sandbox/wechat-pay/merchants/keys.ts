import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readPrivateKey } from '../../../protocols/wechat-pay/signature.ts';
import { newAppid, newMchid, newPublicKeyId, newSecret, newSerial } from '../numbers.ts';

/**
 * A merchant at the sandbox: who it is, the keys it signs with, and the pair the wallet signs with
 * towards it. Made once and kept in files, so that a restart changes nobody's credentials.
 */
/** Direct; a partner with sub-merchants; an ecommerce platform (收付通) with sub-merchants. */
export const ROLES = ['direct', 'partner', 'platform'] as const;
export type Role = (typeof ROLES)[number];

export interface Merchant {
  readonly role: Role;
  readonly mchid: string;
  readonly appid: string;
  /** Registered name, shown to payers. */
  readonly name: string;
  readonly serial_no: string;
  readonly public_key_id: string;
  readonly api_v3_key: string;
  readonly app_secret: string;
  readonly openid_salt: string;
  /** What the merchant signs with (PEM), and the wallet's copy of its public half. */
  readonly private_key: string;
  readonly verify_key: KeyObject;
  /** What the wallet signs with, and the public half (PEM) the merchant downloads. */
  readonly sign_key: KeyObject;
  readonly public_key: string;
}

type Stored = Omit<Merchant, 'role' | 'private_key' | 'verify_key' | 'sign_key' | 'public_key'>;

const TEXTS = [
  'mchid',
  'appid',
  'name',
  'serial_no',
  'public_key_id',
  'api_v3_key',
  'app_secret',
  'openid_salt',
] as const;

const newKeyPair = promisify(generateKeyPair);

/** Loads the merchant kept under `prefix` in `directory`, or makes it. */
export async function loadMerchant(options: {
  directory: string;
  prefix: string;
  role: Role;
  name: string;
  now: Date;
}): Promise<Merchant> {
  const { directory, prefix } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = (file: string) => join(directory, `${prefix}_${file}`);
  const stored = await readStored(path('merchant.json'));
  if (!stored) await makeMerchant(path, options);
  const [text, merchantPem, serverPem] = await Promise.all([
    readFile(path('merchant.json'), 'utf8'),
    readFile(path('merchant_private_key.pem'), 'utf8'),
    readFile(path('server_private_key.pem'), 'utf8'),
  ]);
  const record = parseStored(text);
  const merchantKey = readPrivateKey(merchantPem);
  const serverKey = readPrivateKey(serverPem);
  if (!record || !merchantKey || !serverKey) {
    throw new Error(`the sandbox keys ${path('*')} are damaged: remove them to make new ones`);
  }
  return {
    ...record,
    role: options.role,
    private_key: merchantPem,
    verify_key: createPublicKey(merchantKey),
    sign_key: serverKey,
    public_key: createPublicKey(serverKey).export({ type: 'spki', format: 'pem' }).toString(),
  };
}

async function readStored(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseStored(text: string): Stored | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const complete = TEXTS.every(
    (name) => typeof Object.getOwnPropertyDescriptor(value, name)?.value === 'string',
  );
  return complete ? (value as Stored) : undefined;
}

/** The JSON file is written last: while it is missing, the rest counts as not made. */
async function makeMerchant(
  path: (file: string) => string,
  options: { name: string; now: Date },
): Promise<void> {
  const encoding = {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  } as const;
  const [merchant, server] = await Promise.all([
    newKeyPair('rsa', encoding),
    newKeyPair('rsa', encoding),
  ]);
  const record: Stored = {
    mchid: newMchid(),
    appid: newAppid(),
    name: options.name,
    serial_no: newSerial(),
    public_key_id: newPublicKeyId(options.now),
    api_v3_key: newSecret(),
    app_secret: newSecret(),
    openid_salt: newSecret(),
  };
  await writePrivate(path('merchant_private_key.pem'), merchant.privateKey);
  await writePrivate(path('server_private_key.pem'), server.privateKey);
  await writePrivate(path('public_key.pem'), server.publicKey);
  await writePrivate(path('merchant.json'), `${JSON.stringify(record, null, 2)}\n`);
}

async function writePrivate(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}
