import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { z } from 'zod';
import { packageRoot } from '../../src/package-root.ts';

/** A browser that starts here, or the reason why there is none. */
export type ChromiumFound =
  | { readonly path: string; readonly env: Readonly<Record<string, string>> }
  | { readonly missing: string };

const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const manifest = z.object({ version: z.string() });

/**
 * `CHROMIUM_PATH`, then the system's Chromium, then the one in the development dependencies, which
 * is unpacked once into a folder of this checkout and user (the package's own place in the
 * temporary folder breaks when two users or two workers share it).
 */
export async function unpackChromium(): Promise<ChromiumFound> {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen !== undefined) {
    return existsSync(chosen)
      ? { path: chosen, env: {} }
      : { missing: `CHROMIUM_PATH names ${chosen}, which does not exist` };
  }
  const system = SYSTEM_BROWSERS.find((path) => existsSync(path));
  if (system !== undefined) return { path: system, env: {} };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { missing: 'install Chromium and name it in CHROMIUM_PATH' };
  }
  return unpackPackage();
}

async function unpackPackage(): Promise<ChromiumFound> {
  const root = dirname(
    dirname(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'))),
  );
  const text = await readFile(join(root, 'package.json'), 'utf8');
  const { version } = manifest.parse(JSON.parse(text));
  const cache = join(packageRoot(), '.cache', `chromium-${version}-${userInfo().uid}`);
  const path = join(cache, 'chromium');
  if (!existsSync(path)) {
    await whole(cache, async (folder) => {
      await decompress(join(root, 'bin', 'chromium.br'), join(folder, 'chromium'));
      await chmod(join(folder, 'chromium'), 0o755);
    });
  }
  if (starts(path, {})) return { path, env: {} };
  // A system without NSS: the package carries the libraries of its home platform.
  const libraries = `${cache}-libraries`;
  if (!existsSync(libraries)) {
    await whole(libraries, async (folder) => {
      const archive = join(folder, 'libraries.tar');
      await decompress(join(root, 'bin', 'al2023.tar.br'), archive);
      spawnSync('tar', ['-xf', archive, '-C', folder]);
      await rm(archive);
    });
  }
  const env = { LD_LIBRARY_PATH: join(libraries, 'lib') };
  if (starts(path, env)) return { path, env };
  return { missing: `${path} does not start here: install Chromium and name it in CHROMIUM_PATH` };
}

function starts(path: string, env: Readonly<Record<string, string>>): boolean {
  const result = spawnSync(path, ['--version'], { env, timeout: 20_000, stdio: 'ignore' });
  return result.status === 0;
}

/** Fills a temporary folder and renames it, so that `folder` is never seen half done. */
async function whole(folder: string, fill: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${folder}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  await fill(fresh);
  try {
    await rename(fresh, folder);
  } catch (error) {
    // Another run may have finished the same folder first.
    await rm(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
}
