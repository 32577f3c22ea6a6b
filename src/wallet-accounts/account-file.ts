import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { WALLETS } from '../wallets/wallet.ts';

/**
 * A wallet account in a file, for commands and for the contract suite: JSON with `wallet`,
 * `settings` and `credentials`. A credential is its text or `{"file": "<path>"}`, from the folder
 * of the JSON file, so that keys stay in the files the wallet gave them in.
 */
const credential = z.union([z.string(), z.strictObject({ file: z.string().min(1) })]);

const setting = z.union([z.string(), z.boolean(), z.record(z.string(), z.string())]);

const shape = z.strictObject({
  wallet: z.enum(WALLETS),
  name: z.string().min(1).max(100).default('main'),
  custody: z.enum(['merchant_own', 'wallet_held', 'hub_held']).default('merchant_own'),
  settings: z.record(z.string(), setting),
  credentials: z.record(z.string(), credential),
});

export type AccountFile = Omit<z.infer<typeof shape>, 'credentials'> & {
  readonly credentials: Readonly<Record<string, string>>;
};

const MAX_KEY_BYTES = 64 * 1024;

/** @throws an Error that names the file and what is wrong in it; never with a secret's text. */
export function readAccountFile(path: string): AccountFile {
  const parsed = shape.safeParse(jsonIn(path));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  const credentials = Object.entries(parsed.data.credentials).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : keyIn(path, name, value.file),
  ]);
  return { ...parsed.data, credentials: Object.fromEntries(credentials) };
}

function jsonIn(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the text, which may hold a secret.
    throw new Error(`${path} is not JSON`);
  }
}

function keyIn(path: string, name: string, file: string): string {
  const at = resolve(dirname(path), file);
  try {
    const bytes = readFileSync(at);
    if (bytes.length > MAX_KEY_BYTES) throw new Error('too large');
    // PKCS#12 and other binary forms travel as base64; the line end of an editor is no secret.
    return isText(bytes) ? bytes.toString('utf8').trimEnd() : bytes.toString('base64');
  } catch (cause) {
    throw new Error(`${path}: credentials.${name}: ${at} cannot be read as a key`, { cause });
  }
}

function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}
