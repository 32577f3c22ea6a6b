// Writes docs/reference from the code: node --import tsx scripts/reference.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../src/package-root.ts';
import { referencePages } from './reference/pages.ts';

for (const [path, write] of referencePages()) {
  const file = join(packageRoot(), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, write());
  process.stdout.write(`wrote ${path}\n`);
}
