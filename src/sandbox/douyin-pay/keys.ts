import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueCertificate, newRsaKey, serialOf } from '../certificates.ts';
import { randomDigits } from '../random.ts';
import type { SandboxOptions } from '../sandbox.ts';

/** The merchant's key and the wallet's certificates; made once and kept in one file. */
export interface PlatformKey {
  readonly serial: string;
  readonly certificate: string;
  readonly key: KeyObject;
}

export interface Keys {
  readonly mchid: string;
  readonly appid: string;
  readonly serial_no: string;
  readonly encrypt_key: string;
  readonly private_key: string;
  readonly verify_key: KeyObject;
  /** Oldest first; the wallet signs with the last. */
  readonly platform: PlatformKey[];
  /** Adds a certificate, with which the wallet signs from now on. */
  rotate(now: Date): Promise<PlatformKey>;
  readonly files: Readonly<Record<'private_key' | 'platform_certificate', string>>;
}

interface Stored {
  readonly mchid: string;
  readonly appid: string;
  readonly serial_no: string;
  readonly encrypt_key: string;
  readonly private_key: string;
  readonly authority: { readonly certificate: string; readonly private_key: string };
  readonly platform: readonly { readonly certificate: string; readonly private_key: string }[];
}

const YEAR_MS = 365 * 86_400_000;
const LIFE_YEARS = 5;

/** The merchant's numbers may have a seed; keys and secrets have none. */
type KeyOptions = Pick<SandboxOptions, 'keys_dir' | 'random'>;

export async function openKeys(options: KeyOptions, now: Date): Promise<Keys> {
  const { keys_dir: directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'douyin_pay.json');
  const stored = (await readStored(file)) ?? (await makeKeys(options, file, now));
  const platform = stored.platform.map(opened);
  let kept = stored;
  let changing: Promise<unknown> = Promise.resolve();
  async function rotate(at: Date): Promise<PlatformKey> {
    const made = await issuePlatform(kept.authority, at);
    kept = { ...kept, platform: [...kept.platform, made] };
    await writePrivate(file, JSON.stringify(kept));
    const key = opened(made);
    platform.push(key);
    return key;
  }
  return {
    ...stored,
    verify_key: createPublicKey(createPrivateKey(stored.private_key)),
    platform,
    files: filesIn(directory),
    rotate: (at) => {
      // One at a time, for they write the same file.
      const rotated = changing.then(() => rotate(at));
      changing = rotated.catch(() => undefined);
      return rotated;
    },
  };
}

function opened(issued: { certificate: string; private_key: string }): PlatformKey {
  return {
    serial: serialOf(issued.certificate),
    certificate: issued.certificate,
    key: createPrivateKey(issued.private_key),
  };
}

function filesIn(directory: string) {
  return {
    private_key: join(directory, 'merchant_private_key.pem'),
    platform_certificate: join(directory, 'platform_certificate.pem'),
  };
}

async function readStored(file: string): Promise<Stored | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Stored;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`the sandbox keys ${file} are damaged: remove them to make new ones`, {
      cause: error,
    });
  }
}

function issuePlatform(authority: Stored['authority'], now: Date) {
  return issueCertificate({
    subject: { C: 'CN', O: 'Douyin Pay sandbox', CN: 'Platform certificate' },
    issuer: authority,
    serial: hex(8),
    not_before: now,
    not_after: new Date(now.getTime() + LIFE_YEARS * YEAR_MS),
  });
}

async function makeKeys(options: KeyOptions, file: string, now: Date): Promise<Stored> {
  const random = options.random.stream('merchant');
  const [authority, private_key] = await Promise.all([
    issueCertificate({
      subject: { C: 'CN', O: 'Douyin Pay sandbox', CN: 'Root' },
      serial: hex(8),
      not_before: now,
      not_after: new Date(now.getTime() + 4 * LIFE_YEARS * YEAR_MS),
    }),
    newRsaKey(),
  ]);
  const platform = await issuePlatform(authority, now);
  const stored: Stored = {
    mchid: `60${randomDigits(random, 14)}`,
    appid: `aw${random.bytes(7).toString('hex')}`,
    serial_no: hex(8).toUpperCase(),
    encrypt_key: hex(16),
    private_key,
    authority,
    platform: [platform],
  };
  const files = filesIn(options.keys_dir);
  await writePrivate(files.private_key, private_key);
  await writePrivate(files.platform_certificate, platform.certificate);
  // Written last: while it is missing, the rest counts as not made.
  await writePrivate(file, JSON.stringify(stored));
  return stored;
}

/** Never zero in front, so that the length is kept wherever the number is read. */
function hex(bytes: number): string {
  return `4${randomBytes(bytes).toString('hex').slice(1)}`;
}

async function writePrivate(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}
