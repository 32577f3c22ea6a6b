import type { IncomingHttpHeaders } from 'node:http';
import {
  openListener,
  startTestSandbox,
  type TestSandbox,
  type TestSandboxOptions,
} from '../testing.ts';
import { startAlipaySandbox } from './sandbox.ts';

export { PEOPLE, type TestSandbox, testClock } from '../testing.ts';

/** For tests: this wallet's sandbox, and a merchant's ear. */
export function openTestSandbox(options: TestSandboxOptions = {}): Promise<TestSandbox> {
  return startTestSandbox('alipay', startAlipaySandbox, options);
}

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A merchant's server that hears notifications. */
export async function openMerchant() {
  const listener = await openListener<Heard>({
    path: '/notify',
    body: 'success',
    hear: (headers, body) => ({ headers, body }),
  });
  return {
    ...listener,
    /** What is answered to the next notifications; `success` unless told otherwise. */
    say: (answer: string) => listener.reply(200, answer),
  };
}

export type Merchant = Awaited<ReturnType<typeof openMerchant>>;
