// Everything a machine can say about the source without running it; ends with a summary.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const STEPS = [
  { name: 'types', module: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  {
    name: 'format',
    module: '@biomejs/biome/bin/biome',
    args: ['ci', '--diagnostic-level=error', '.'],
  },
  { name: 'lint', module: 'oxlint/bin/oxlint', args: ['--type-aware'] },
  { name: 'unused code', module: 'knip/bin/knip.js', args: [] },
  { name: 'style rules', module: 'vitest/vitest.mjs', args: ['run', 'test/tidy.test.ts'] },
];

const results = STEPS.map(({ name, module, args }) => {
  process.stdout.write(`\n== ${name}\n`);
  const started = Date.now();
  const { status } = spawnSync(process.execPath, [`node_modules/${module}`, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  return { name, ok: status === 0, seconds: (Date.now() - started) / 1000 };
});

process.stdout.write('\n');
for (const { name, ok, seconds } of results) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds.toFixed(1)} s\n`);
}
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
