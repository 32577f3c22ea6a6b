import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Keys of the sandbox as files: minted on the first start into `keys_dir` (0700/0600), kept. */
export async function openKeysDir(keys_dir: string): Promise<void> {
  await mkdir(keys_dir, { recursive: true, mode: 0o700 });
}

export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The text of a file, made and written when it is not there. */
export async function keptText(path: string, make: () => Promise<string>): Promise<string> {
  const kept = await readOptional(path);
  if (kept !== undefined) return kept;
  const made = await make();
  await writeSecret(path, made);
  return made;
}

/** Files `<name>_private_key.pem` and `<name>_public_key.pem`. */
export async function keyPair(keys_dir: string, name: string): Promise<KeyObject> {
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
