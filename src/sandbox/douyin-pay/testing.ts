import { rm } from 'node:fs/promises';
import { keysFolder } from '../../../test/support/sandbox-keys.ts';
import { FaultDial } from '../faults.ts';
import { sandboxRandom } from '../random.ts';
import { RequestLog } from '../requests.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import { memoryJournal, SandboxStore } from '../store.ts';
import { startDouyinPaySandbox } from './sandbox.ts';

/** What the tests of this wallet share: a running sandbox whose business clock a test moves. */
export const PEOPLE: readonly Person[] = [
  { id: 'lin', name: { zh: '林小禾', en: 'Lin Xiaohe' } },
  { id: 'poor', name: { zh: '赵一元', en: 'Zhao Yiyuan' } },
];

export interface RunningSandbox {
  readonly sandbox: WalletSandbox;
  readonly faults: FaultDial;
  readonly requests: RequestLog;
  readonly store: SandboxStore;
  readonly keys_dir: string;
  advance(ms: number): void;
  stop(): Promise<void>;
}

export async function runSandbox(
  options: { store?: SandboxStore; keys_dir?: string } = {},
): Promise<RunningSandbox> {
  const keys_dir = options.keys_dir ?? (await keysFolder('douyin_pay'));
  const store = options.store ?? (await SandboxStore.open(memoryJournal));
  let offset = 0;
  const clock = { now: () => new Date(Date.now() + offset), real: () => new Date() };
  const faults = new FaultDial(7);
  const requests = new RequestLog(clock.real);
  const sandbox = await startDouyinPaySandbox({
    host: '127.0.0.1',
    port: 0,
    keys_dir,
    clock,
    store,
    faults,
    people: PEOPLE,
    notify_pace: 0.001,
    random: sandboxRandom(3),
    requests,
    rate_limits: false,
  });
  return {
    sandbox,
    faults,
    requests,
    store,
    keys_dir,
    advance: (ms) => {
      offset += ms;
    },
    stop: async () => {
      await sandbox.stop();
      if (options.keys_dir === undefined) await rm(keys_dir, { recursive: true, force: true });
    },
  };
}
