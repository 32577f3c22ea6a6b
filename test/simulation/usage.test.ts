import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

/** The command line of `npm run simulate`, before anything is played. */
function run(...args: string[]) {
  const main = join(packageRoot(), 'test/simulation/main.ts');
  const options = { cwd: packageRoot(), encoding: 'utf8' } as const;
  const child = spawnSync(process.execPath, ['--import', 'tsx', main, ...args], options);
  return { code: child.status, out: child.stdout, err: child.stderr };
}

const USAGE = 'npm run simulate -- with any of:\n  --seed N ';

test('help is the usage, and no failure', { timeout: 120_000 }, () => {
  const { code, out, err } = run('--help');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.startsWith(USAGE)).toBe(true);
});

test.each([
  ["Unknown option '--sede'", '--sede', '42'],
  ['--seeds takes the lower number first, not 9-3', '--seeds', '9-3'],
])('misuse is one line before the usage: %s', { timeout: 120_000 }, (why, ...args) => {
  const { code, out, err } = run(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.startsWith(`${why}\n${USAGE}`)).toBe(true);
});
