import { defineConfig } from 'vitest/config';

/** `npm run test:full` sets it: also the long tests (50 kills, clone and install). */
const full = process.env['HUTONG_TEST_FULL'] === '1';

const outside = ['node_modules', 'dist', ...(full ? [] : ['test/full/**'])];
/** Wallets and what stands in for them: they keep nothing outside what a test opens and stops. */
const wallets = [
  'src/protocols/**/*.test.ts',
  'src/sandbox/**/*.test.ts',
  'src/wallets/**/*.test.ts',
];

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: full ? 1_800_000 : 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'hub',
          include: ['src/**/*.test.{ts,tsx}', 'web/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
          exclude: [...outside, ...wallets],
          globalSetup: 'test/support/global-setup.ts',
        },
      },
      {
        // Loading the modules anew for each of these many files would take longer than the tests.
        extends: true,
        test: {
          name: 'wallets',
          include: wallets,
          exclude: outside,
          isolate: false,
          globalSetup: 'test/support/global-setup.ts',
        },
      },
    ],
  },
});
