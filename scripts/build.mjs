// Compiles server and browser code to dist/ with tsc, and marks the command executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';

const tsc = new URL('../node_modules/typescript/bin/tsc', import.meta.url).pathname;

function compile(project) {
  const result = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

process.chdir(new URL('..', import.meta.url).pathname);
if (!existsSync(tsc)) {
  // Installed without development dependencies: the packed files already hold dist/.
  process.exit(0);
}
rmSync('dist', { recursive: true, force: true });
compile('tsconfig.build.json');
if (existsSync('web/checkout/browser')) compile('tsconfig.browser.json');
if (existsSync('dist/src/main.js')) chmodSync('dist/src/main.js', 0o755);
