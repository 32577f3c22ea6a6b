import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** A sandbox never speaks to a real wallet, and production never to a sandbox. */
export function checkAddresses(app: App, settings: Readonly<Record<string, unknown>>): void {
  const sandbox = app.config.mode === 'sandbox';
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'string' || !/^https?:\/\//.test(value)) continue;
    if (URL.canParse(value) && LOOPBACK.test(new URL(value).hostname) === sandbox) continue;
    const param = `settings.${name}`;
    const message = sandbox
      ? `${param}: a sandbox takes no account at a real wallet; name the sandbox's own address`
      : `${param}: production takes no account at a sandbox`;
    throw new Refusal('invalid_parameter', { param, message });
  }
}
