import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SandboxAccount, SandboxWallet, WalletSandbox } from '../sandbox/sandbox.ts';

/**
 * `wallets.json` (mode 0600): every merchant of every sandbox with what an SDK of the wallet needs.
 * Keys and certificates are files beside it as well, because most SDKs want paths.
 */
export interface WalletsFile {
  readonly phone: { readonly url: string };
  readonly wallets: Readonly<Partial<Record<SandboxWallet, WalletEntry>>>;
}

interface WalletEntry {
  readonly url: string;
  /** The calls it received, with the verdict on each. */
  readonly received: string;
  readonly accounts: readonly AccountEntry[];
}

interface AccountEntry extends SandboxAccount {
  /** Where each key or certificate among the credentials is as a file. */
  readonly files: Readonly<Record<string, string>>;
}

export function walletsFilePath(data_dir: string): string {
  return join(data_dir, 'wallets.json');
}

export function writeWalletsFile(
  data_dir: string,
  given: { phone_url: string; sandboxes: readonly WalletSandbox[]; token: string | undefined },
): WalletsFile {
  const query = given.token === undefined ? '' : `?token=${given.token}`;
  const entries = given.sandboxes.map((sandbox) => [
    sandbox.wallet,
    {
      url: sandbox.url,
      received: `${sandbox.url}/__sandbox/${query}`,
      accounts: sandbox.accounts().map((account) => ({
        ...account,
        files: writeKeys(join(data_dir, 'accounts', sandbox.wallet, account.role), account),
      })),
    },
  ]);
  const file: WalletsFile = {
    phone: { url: given.phone_url },
    wallets: Object.fromEntries(entries),
  };
  writePrivate(walletsFilePath(data_dir), `${JSON.stringify(file, null, 2)}\n`);
  return file;
}

const merchantShape = z.object({
  role: z.string(),
  settings: z.record(
    z.string(),
    z.union([z.string(), z.boolean(), z.record(z.string(), z.string())]),
  ),
  credentials: z.record(z.string(), z.string()),
  sub_merchants: z.array(z.string()),
});
const fileShape = z.object({
  wallets: z.record(z.string(), z.object({ accounts: z.array(merchantShape) })),
});

/** A merchant of a sandbox with what an account of the hub needs. */
export type SandboxMerchant = z.infer<typeof merchantShape>;

/** @throws an Error that says to start again when there is no such file or no such merchant */
export function readSandboxMerchant(
  data_dir: string,
  { wallet, role }: { readonly wallet: SandboxWallet; readonly role: string },
): SandboxMerchant {
  const path = walletsFilePath(data_dir);
  let accounts: readonly SandboxMerchant[] | undefined;
  try {
    accounts = fileShape.parse(JSON.parse(readFileSync(path, 'utf8'))).wallets[wallet]?.accounts;
  } catch (cause) {
    throw new Error(`${path} cannot be read: run "npm start" again`, { cause });
  }
  const found = accounts?.find((each) => each.role === role);
  if (!found) throw new Error(`${path} names no ${role} at ${wallet}: run "npm start" again`);
  return found;
}

function writeKeys(
  folder: string,
  { credentials }: SandboxAccount,
): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(credentials)) {
    if (!text.includes('-----BEGIN ')) continue;
    const path = join(folder, `${name.replace(/[^\w-]/g, '_')}.pem`);
    writePrivate(path, `${text.trimEnd()}\n`);
    files[name] = path;
  }
  return files;
}

/** Written whole under a temporary name, then renamed: never half a file. */
function writePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
