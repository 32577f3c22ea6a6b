import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The sandbox's key pairs: minted on the first start into `keys_dir` (0700/0600), then kept. */
export interface SandboxKeys {
  /** Signs answers and notifications. */
  readonly alipay: KeyObject;
  /** The first merchant's application key. */
  readonly app: KeyObject;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function keyPair(keys_dir: string, name: string): Promise<KeyObject> {
  const path = join(keys_dir, `${name}_private_key.pem`);
  const kept = await readOptional(path);
  if (kept !== undefined) return createPrivateKey(kept);
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  await writeSecret(join(keys_dir, `${name}_public_key.pem`), publicPem(privateKey));
  await writeSecret(path, privatePem(privateKey));
  return privateKey;
}

/** PKCS#1, which the SDKs outside Java expect; no last newline, which breaks Node's. */
export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs1', format: 'pem' }).toString().trim();
}

export function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString().trim();
}

/** Files: `app_private_key.pem`, `app_public_key.pem`, and the same two of `alipay`. */
export async function openKeys(keys_dir: string): Promise<SandboxKeys> {
  await mkdir(keys_dir, { recursive: true, mode: 0o700 });
  const [alipay, app] = await Promise.all([keyPair(keys_dir, 'alipay'), keyPair(keys_dir, 'app')]);
  return { alipay, app };
}
