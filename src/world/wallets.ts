import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Db } from '../db/pool.ts';
import { startAlipaySandbox } from '../sandbox/alipay/sandbox.ts';
import { startDouyinPaySandbox } from '../sandbox/douyin-pay/sandbox.ts';
import { FaultDial } from '../sandbox/faults.ts';
import { PEOPLE } from '../sandbox/phone/people.ts';
import { openPostgresJournal } from '../sandbox/postgres-journal.ts';
import { openRandom } from '../sandbox/random.ts';
import { RequestLog } from '../sandbox/requests.ts';
import {
  SANDBOX_WALLETS,
  type SandboxOptions,
  type SandboxWallet,
  type WalletSandbox,
} from '../sandbox/sandbox.ts';
import { memoryJournal, SandboxStore } from '../sandbox/store.ts';
import { startUnionPaySandbox } from '../sandbox/union-pay/sandbox.ts';
import { startWechatPaySandbox } from '../sandbox/wechat-pay/sandbox.ts';

/** The wallets' own side, started together: one server, one store and one fault dial each. */
export interface SandboxWallets {
  readonly all: readonly WalletSandbox[];
  readonly faults: Readonly<Record<WalletSandbox['wallet'], FaultDial>>;
  /** Their books, of those that run. */
  readonly stores: ReadonlyMap<SandboxWallet, SandboxStore>;
  stop(): Promise<void>;
}

export interface SandboxWalletsOptions {
  readonly config: Pick<Config, 'host' | 'data_dir' | 'notify_pace'>;
  /** 0, or none, lets the system choose. */
  readonly ports?: Readonly<Partial<Record<WalletSandbox['wallet'], number>>>;
  readonly clock: Clock;
  /** The sandboxes' own database; without one their books live in memory only. */
  readonly db?: Db;
  readonly seed?: number;
  /** Which of them; all when absent. */
  readonly only?: readonly SandboxWallet[];
  /** Are merchants held to the wallets' rate limits? */
  readonly rate_limits?: boolean;
  /** Opens the developers' pages off loopback. */
  readonly token?: string;
}

const START = {
  wechat_pay: startWechatPaySandbox,
  alipay: startAlipaySandbox,
  union_pay: startUnionPaySandbox,
  douyin_pay: startDouyinPaySandbox,
} as const;

export async function startSandboxWallets(options: SandboxWalletsOptions): Promise<SandboxWallets> {
  const stores = new Map<SandboxWallet, SandboxStore>();
  const faults = {
    wechat_pay: new FaultDial(options.seed),
    alipay: new FaultDial(options.seed),
    union_pay: new FaultDial(options.seed),
    douyin_pay: new FaultDial(options.seed),
  };
  async function start(wallet: WalletSandbox['wallet']): Promise<WalletSandbox> {
    const journal = options.db ? await openPostgresJournal(options.db, wallet) : memoryJournal;
    const store = await SandboxStore.open(journal);
    stores.set(wallet, store);
    const sandbox: SandboxOptions = {
      host: options.config.host,
      port: options.ports?.[wallet] ?? 0,
      keys_dir: join(options.config.data_dir, 'keys', wallet),
      clock: options.clock,
      store,
      faults: faults[wallet],
      people: PEOPLE,
      notify_pace: options.config.notify_pace,
      random: openRandom(store, { wallet, seed: options.seed }),
      requests: new RequestLog(() => options.clock.real()),
      rate_limits: options.rate_limits ?? false,
      token: options.token,
    };
    return START[wallet](sandbox).catch((error: unknown) => {
      throw portTaken(error, sandbox) ?? error;
    });
  }
  const all: WalletSandbox[] = [];
  for (const wallet of options.only ?? SANDBOX_WALLETS) all.push(await start(wallet));
  return {
    all,
    faults,
    stores,
    async stop() {
      for (const sandbox of all) await sandbox.stop();
      for (const store of stores.values()) await store.stop();
    },
  };
}

/** Says which setting to change; undefined for any other error. */
function portTaken(cause: unknown, at: { host: string; port: number }): Error | undefined {
  const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  const say =
    `port ${at.port} on ${at.host} is in use: free it, or set HUTONG_SANDBOX_PORT to the first ` +
    'of a row of free ones';
  return taken ? new Error(say, { cause }) : undefined;
}
