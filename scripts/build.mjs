// Compiles server and browser code to dist/ with tsc, and marks the command executable. The new
// tree is made beside the old one and swapped in whole, so that a running hub never sees half.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';

const tsc = new URL('../node_modules/typescript/bin/tsc', import.meta.url).pathname;
const fresh = `.dist-${process.pid}`;

function compile(project) {
  const args = [tsc, '-p', project, '--outDir', fresh];
  const result = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (result.status === 0) return;
  rmSync(fresh, { recursive: true, force: true });
  process.exit(result.status ?? 1);
}

process.chdir(new URL('..', import.meta.url).pathname);
if (!existsSync(tsc)) {
  // Installed without development dependencies: the packed files already hold dist/.
  process.exit(0);
}
compile('tsconfig.build.json');
compile('tsconfig.browser.json');
chmodSync(`${fresh}/src/main.js`, 0o755);
rmSync('dist', { recursive: true, force: true });
renameSync(fresh, 'dist');
