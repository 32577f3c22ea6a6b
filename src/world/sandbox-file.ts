import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/**
 * `.hutong/sandbox.json` (mode 0600): addresses and keys of this sandbox for newcomers and scripts.
 * Kept across starts; only what is missing is minted.
 */
const walletEntry = z.record(z.string(), z.string());

const shape = z.object({
  hub: z.object({ url: z.string(), operator_key: z.string() }),
  platforms: z.record(z.string(), z.object({ id: z.string(), secret_key: z.string() })),
  merchants: z.record(z.string(), z.object({ id: z.string(), platform: z.string() })),
  /** Absent in files of earlier versions. */
  receivers: z.record(z.string(), z.object({ id: z.string(), platform: z.string() })).default({}),
  wallets: z.record(z.string(), walletEntry),
  phone: z.object({ url: z.string() }),
});

export type SandboxFile = z.infer<typeof shape>;

export function sandboxFilePath(dataDir: string): string {
  return join(dataDir, 'sandbox.json');
}

/** Undefined when there is none yet; throws when it is there but not readable as one. */
export function readSandboxFile(dataDir: string): SandboxFile | undefined {
  const path = sandboxFilePath(dataDir);
  if (!existsSync(path)) return undefined;
  const parsed = shape.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    throw new Error(`${path} is damaged: delete it, and the next start makes it anew`);
  }
  return parsed.data;
}

/** Written whole under a temporary name, then renamed: never half a file. */
export function writeSandboxFile(dataDir: string, file: SandboxFile): void {
  const path = sandboxFilePath(dataDir);
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
