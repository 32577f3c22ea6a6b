import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { FaultDial } from '../faults.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import { SandboxStore, memoryJournal } from '../store.ts';
import { startWechatPaySandbox } from './sandbox.ts';

/** What the tests beside this file share: a running sandbox and a shop that takes notices. */
export const PEOPLE: readonly Person[] = [
  { id: 'lin', name: { zh: '林小禾', en: 'Lin Xiaohe' } },
  { id: 'chen', name: { zh: '陈明', en: 'Chen Ming' } },
  { id: 'poor', name: { zh: '赵一元', en: 'Zhao Yiyuan' } },
];

/** A clock whose business time a test moves; real time stays real. */
export class TestClock implements Clock {
  offset_ms = 0;
  now(): Date {
    return new Date(Date.now() + this.offset_ms);
  }
  real(): Date {
    return new Date();
  }
}

export interface RunningSandbox {
  readonly sandbox: WalletSandbox;
  readonly clock: TestClock;
  readonly faults: FaultDial;
  readonly store: SandboxStore;
  readonly keys_dir: string;
  stop(): Promise<void>;
}

export async function runSandbox(
  options: { refund_delay_ms?: number; store?: SandboxStore; keys_dir?: string } = {},
): Promise<RunningSandbox> {
  const keys_dir = options.keys_dir ?? (await mkdtemp(join(tmpdir(), 'hutong-wechat-pay-')));
  const clock = new TestClock();
  const faults = new FaultDial(7);
  const store = options.store ?? (await SandboxStore.open(memoryJournal));
  const sandbox = await startWechatPaySandbox({
    host: '127.0.0.1',
    port: 0,
    keys_dir,
    clock,
    store,
    faults,
    people: PEOPLE,
    notify_pace: 0.001,
    refund_delay_ms: options.refund_delay_ms ?? 0,
  });
  return {
    sandbox,
    clock,
    faults,
    store,
    keys_dir,
    stop: async () => {
      await sandbox.stop();
      if (options.keys_dir === undefined) await rm(keys_dir, { recursive: true, force: true });
    },
  };
}

export interface ReceivedNotice {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Shop {
  readonly notify_url: string;
  /** Answers to give, in order; 200 when empty. */
  readonly statuses: number[];
  readonly received: ReceivedNotice[];
  /** Resolves with the n-th notice (from 1), however many have come. */
  notice(n: number): Promise<ReceivedNotice>;
  stop(): Promise<void>;
}

export async function openShop(): Promise<Shop> {
  const received: ReceivedNotice[] = [];
  const statuses: number[] = [];
  const waiting: { n: number; resolve: (notice: ReceivedNotice) => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(statuses.shift() ?? 200).end();
      for (const entry of waiting) {
        const notice = received[entry.n - 1];
        if (notice) entry.resolve(notice);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    notify_url: `http://127.0.0.1:${port}/notify`,
    statuses,
    received,
    notice: (n) => {
      const notice = received[n - 1];
      if (notice) return Promise.resolve(notice);
      return new Promise((resolve) => waiting.push({ n, resolve }));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
