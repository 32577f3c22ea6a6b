import { rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { keysFolder } from '../../test/support/sandbox-keys.ts';
import type { Clock } from '../clock.ts';
import { FaultDial } from './faults.ts';
import { sandboxRandom } from './random.ts';
import { RequestLog } from './requests.ts';
import type { Person, SandboxOptions, WalletSandbox } from './sandbox.ts';
import { memoryJournal, SandboxStore } from './store.ts';

/** For tests: a sandbox on a port of its own, a clock to move, and a server that hears notices. */
export const PEOPLE: readonly Person[] = [
  { id: 'lin', name: { zh: '林小雨', en: 'Lin Xiaoyu' } },
  { id: 'chen', name: { zh: '陈大海', en: 'Chen Dahai' } },
  { id: 'poor', name: { zh: '钱少', en: 'Qian Shao' } },
];

export interface TestClock extends Clock {
  advance(milliseconds: number): void;
}

/** Business time that begins `at`, or now. */
export function testClock(at?: string): TestClock {
  let offset = at === undefined ? 0 : Date.parse(at) - Date.now();
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
  /** Kept by the caller; a copy of the keys of all tests when absent. */
  readonly keys_dir?: string;
  readonly notify_pace?: number;
  readonly rate_limits?: boolean;
  readonly clock?: TestClock;
}

export async function startTestSandbox(
  wallet: WalletSandbox['wallet'],
  start: (options: SandboxOptions) => Promise<WalletSandbox>,
  options: TestSandboxOptions,
): Promise<TestSandbox> {
  const keys_dir = options.keys_dir ?? (await keysFolder(wallet));
  const store = options.store ?? (await SandboxStore.open(memoryJournal));
  const clock = options.clock ?? testClock();
  const faults = new FaultDial();
  const requests = new RequestLog(() => clock.real());
  const sandbox = await start({
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

export interface Listener<H> {
  readonly url: string;
  readonly heard: H[];
  /** What the next notices are answered with; 200 and `body` of the start until told otherwise. */
  reply(status: number, body?: string): void;
  /** Resolves when this many have been heard. */
  hears(count: number): Promise<readonly H[]>;
  stop(): Promise<void>;
}

/** A merchant's server that hears notices; `hear` reads one. */
export async function openListener<H>(options: {
  path: string;
  body?: string;
  hear: (headers: IncomingHttpHeaders, body: Buffer) => H;
}): Promise<Listener<H>> {
  const heard: H[] = [];
  let answer = { status: 200, body: options.body ?? '' };
  let wake = () => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(options.hear(request.headers, Buffer.concat(chunks)));
      response.writeHead(answer.status).end(answer.body);
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}${options.path}`,
    heard,
    reply(status, body = '') {
      answer = { status, body };
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

const TOLD_MS = 1_000;

/** Until nothing that happened before is still to be told; what is told again and again may be. */
export async function untilTold(sandbox: Pick<WalletSandbox, 'pendingNotifications'>) {
  const end = Date.now() + TOLD_MS;
  while (sandbox.pendingNotifications() > 0 && Date.now() < end) await sleep(10);
}
