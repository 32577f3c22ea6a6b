import { defineConfig } from 'vitest/config';

/** `npm run test:full` sets it: also the long tests (50 kills, clone and install). */
const full = process.env['HUTONG_TEST_FULL'] === '1';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}', 'web/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
    exclude: ['node_modules', 'dist', ...(full ? [] : ['test/full/**'])],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: full ? 1_800_000 : 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    globalSetup: 'test/support/global-setup.ts',
  },
});
