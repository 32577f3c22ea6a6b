// Builds, runs the tests and ends with one plain line: "N passed, N failed[, N skipped]".
//   npm test [-- <vitest arguments>]      the suite
//   npm run test:full                     also the long tests of test/full
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeMemoryFolder, openMemoryFolder } from './memory-folder.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

/** Prints the last line whole before the process ends, whatever stdout is. */
function finish({ passed, failed, skipped }) {
  const rest = skipped > 0 ? `, ${skipped} skipped` : '';
  writeSync(1, `${passed} passed, ${failed} failed${rest}\n`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

function build() {
  const result = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: 'inherit',
  });
  if (result.status === 0) return;
  writeSync(2, 'the build failed; no test was run\n');
  finish({ passed: 0, failed: 1, skipped: 0 });
}

function runVitest(args, report, memory) {
  const full = args.includes('--full');
  const child = spawn(
    process.execPath,
    [
      vitest,
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args.filter((argument) => argument !== '--full'),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        ...(memory === undefined ? {} : { TMPDIR: memory }),
        ...(full ? { HUTONG_TEST_FULL: '1' } : {}),
      },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

/** Counts tests, and each file that failed without a failed test of its own (it did not load). */
function count(report) {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const tests = testResults.flatMap((file) => file.assertionResults);
  const broken = testResults.filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  );
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failed = tests.filter(({ status }) => status === 'failed').length + broken.length;
  const listed = tests.filter(({ status }) => status === 'failed');
  for (const { fullName } of listed) writeSync(1, `failed: ${fullName}\n`);
  for (const { name } of broken) writeSync(1, `failed to load: ${name}\n`);
  return { passed, failed, skipped: tests.length - passed - listed.length };
}

build();
const folder = mkdtempSync(join(tmpdir(), 'hutong-report-'));
const report = join(folder, 'report.json');
const args = process.argv.slice(2);
// The long tests outgrow it.
const memory = args.includes('--full') ? undefined : openMemoryFolder();
const code = await runVitest(args, report, memory);
closeMemoryFolder(memory);
let totals;
try {
  totals = count(report);
} catch {
  writeSync(2, 'the test run ended without a report\n');
  totals = { passed: 0, failed: 1, skipped: 0 };
}
rmSync(folder, { recursive: true, force: true });
// An unhandled error outside every test, or a set-up that failed, is a failure too.
if (code !== 0 && totals.failed === 0) totals.failed = 1;
finish(totals);
