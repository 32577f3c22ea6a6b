import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_LEVELS = 10;

/**
 * The folder of our own package.json, found upwards from this file: the same answer when the
 * source runs as TypeScript (`src/`), when it was compiled (`dist/src/`) and when it is installed.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < MAX_LEVELS; level += 1) {
    // A compiled tree may hold a copy of package.json; the migrations exist once.
    if (['package.json', 'src/db/migrations'].every((name) => existsSync(join(folder, name)))) {
      return folder;
    }
    folder = dirname(folder);
  }
  throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}: reinstall the package`);
}
