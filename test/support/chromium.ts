import { type Browser, chromium } from 'playwright-core';
import { z } from 'zod';
import { askShared } from './shared.ts';

/** What `chromium.launch` of playwright-core takes to start our browser. */
export interface ChromiumLaunch {
  readonly executablePath: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly headless: true;
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

const answer = z.union([
  z.object({ path: z.string(), env: z.record(z.string(), z.string()) }),
  z.object({ missing: z.string() }),
]);

/**
 * The browser for end-to-end tests, or undefined after a loud line on stderr. Use it so that the
 * tests show as skipped, never as passed:
 * `const browser = await findChromium(); describe.skipIf(!browser)('…', …)`.
 */
export async function findChromium(): Promise<ChromiumLaunch | undefined> {
  const found = answer.parse(await askShared('chromium'));
  if ('missing' in found) {
    process.stderr.write(`\nSKIPPED, no browser: ${found.missing}\n\n`);
    return undefined;
  }
  // Playwright replaces the whole environment; these are what a browser needs of it.
  const env = { HOME: '/tmp', PATH: '/usr/bin:/bin', ...found.env };
  return { executablePath: found.path, args: [...ARGS], env, headless: true };
}

/** Started once more when it crashed at its start, which it does now and then on a busy machine. */
export function launchChromium(found: ChromiumLaunch): Promise<Browser> {
  return chromium.launch(found).catch(() => chromium.launch(found));
}
