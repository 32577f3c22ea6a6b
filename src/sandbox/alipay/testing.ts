import { rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { keysFolder } from '../../../test/support/sandbox-keys.ts';
import type { Clock } from '../../clock.ts';
import { FaultDial } from '../faults.ts';
import { sandboxRandom } from '../random.ts';
import { RequestLog } from '../requests.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import { memoryJournal, SandboxStore } from '../store.ts';
import { startAlipaySandbox } from './sandbox.ts';

/** For tests: a sandbox on a port of its own, with a clock and a merchant's ear to move and ask. */
export const PEOPLE: readonly Person[] = [
  { id: 'lin', name: { zh: '林小雨', en: 'Lin Xiaoyu' } },
  { id: 'chen', name: { zh: '陈大海', en: 'Chen Dahai' } },
  { id: 'poor', name: { zh: '钱少', en: 'Qian Shao' } },
];

export interface TestClock extends Clock {
  advance(milliseconds: number): void;
}

export function testClock(): TestClock {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    real: () => new Date(),
    advance(milliseconds) {
      offset += milliseconds;
    },
  };
}

export interface TestSandbox {
  readonly sandbox: WalletSandbox;
  readonly clock: TestClock;
  readonly faults: FaultDial;
  readonly store: SandboxStore;
  readonly requests: RequestLog;
  readonly keys_dir: string;
  stop(): Promise<void>;
}

export interface TestSandboxOptions {
  readonly store?: SandboxStore;
  readonly keys_dir?: string;
  readonly notify_pace?: number;
  readonly rate_limits?: boolean;
  readonly clock?: TestClock;
}

export async function openTestSandbox(options: TestSandboxOptions = {}): Promise<TestSandbox> {
  const keys_dir = options.keys_dir ?? (await keysFolder('alipay'));
  const store = options.store ?? (await SandboxStore.open(memoryJournal));
  const clock = options.clock ?? testClock();
  const faults = new FaultDial();
  const requests = new RequestLog(() => clock.real());
  const sandbox = await startAlipaySandbox({
    host: '127.0.0.1',
    port: 0,
    keys_dir,
    clock,
    store,
    faults,
    people: PEOPLE,
    notify_pace: options.notify_pace ?? 0.00001,
    random: sandboxRandom(),
    requests,
    rate_limits: options.rate_limits ?? false,
  });
  return {
    sandbox,
    clock,
    faults,
    store,
    requests,
    keys_dir,
    async stop() {
      await sandbox.stop();
      await store.stop();
      if (options.keys_dir === undefined) await rm(keys_dir, { recursive: true, force: true });
    },
  };
}

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Merchant {
  readonly url: string;
  readonly heard: Heard[];
  /** What is answered to the next notifications; `success` unless told otherwise. */
  say(answer: string): void;
  /** Resolves when this many have been heard. */
  hears(count: number): Promise<readonly Heard[]>;
  stop(): Promise<void>;
}

/** A merchant's server that hears notifications. */
export async function openMerchant(): Promise<Merchant> {
  const heard: Heard[] = [];
  let answer = 'success';
  let wake = () => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.end(answer);
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/notify`,
    heard,
    say(text) {
      answer = text;
    },
    async hears(count) {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return heard;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
