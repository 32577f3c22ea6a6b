import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** `npm run test:full` sets it: also the long tests (50 kills, clone and install). */
const full = process.env['HUTONG_TEST_FULL'] === '1';

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    testTimeout: full ? 1_800_000 : 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: 'test/support/set-up.ts',
    include: ['src/**/*.test.{ts,tsx}', 'web/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
    exclude: ['node_modules', 'dist', ...(full ? [] : ['test/full/**'])],
    // Loading the modules anew for each of these many files would take longer than the tests. They
    // keep nothing outside what a test opens and stops.
    isolate: false,
  },
});
