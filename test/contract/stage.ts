import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newWalletReference } from '../../src/ids.ts';
import type { FaultDial } from '../../src/sandbox/faults.ts';
import {
  SANDBOX_WALLETS,
  type SandboxWallet,
  type WalletSandbox,
} from '../../src/sandbox/sandbox.ts';
import type { SandboxStore } from '../../src/sandbox/store.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type {
  CreateOrder,
  PresentationData,
  PresentationKind,
  Wallet,
  WalletAccount,
  WalletName,
} from '../../src/wallets/wallet.ts';
import { startSandboxWallets } from '../../src/world/wallets.ts';
import { dataFolder } from '../support/sandbox-keys.ts';
import { type MerchantServer, openMerchant } from './merchant.ts';
import { Recorder } from './recorder.ts';

/**
 * Where the contract suite plays: one wallet's connector and account, a merchant that takes its
 * notifications and, at a sandbox, the payer and the clock.
 */
export interface Stage {
  readonly wallet: Wallet;
  readonly account: WalletAccount;
  readonly merchant: MerchantServer;
  /** Absent at a real gateway, where a person would have to pay. */
  readonly sandbox: SandboxSide | undefined;
  order(more?: Partial<CreateOrder>): CreateOrder;
}

export interface SandboxSide {
  readonly side: WalletSandbox;
  readonly faults: FaultDial;
  /** The sandbox's own books. */
  readonly store: SandboxStore;
  /** What the connector of this stage showed so far. */
  readonly recorder: Recorder;
  /** The account of a role, if the sandbox has such a merchant. */
  accountOf(role: string): { account: WalletAccount; sub_merchants: readonly string[] } | undefined;
  advance(ms: number): void;
  now(): Date;
  /** The payer's id at the wallet, as the wallet's own login gives it. */
  payerId(person: string, account?: WalletAccount): Promise<string>;
  /** The person pays what was presented; throws PhoneRefusal. */
  pay(presentation: PresentationData, person?: string): Promise<void>;
}

export interface Stages {
  readonly of: ReadonlyMap<WalletName, Stage>;
  /** Has the sandboxes' keys until they stop. */
  readonly data_dir: string;
  stop(): Promise<void>;
}

const BACK = 'http://127.0.0.1:9/back';

export function orderAt(merchant: MerchantServer, now: () => Date) {
  return (more: Partial<CreateOrder> = {}): CreateOrder => ({
    wallet_reference: newWalletReference(0),
    amount: 1234n,
    currency: 'CNY',
    description: '龙井茶 250g',
    presentation: 'qr',
    notify_url: merchant.notify_url,
    return_url: BACK,
    expires_at: new Date(now().getTime() + 3_600_000),
    client_ip: '127.0.0.1',
    ...more,
  });
}

export interface StageOptions {
  readonly seed?: number;
  /** Business time stands still here, but for `advance`. */
  readonly at?: Date;
  /** Where the keys of earlier sandboxes are, or new ones; those of all tests when absent. */
  readonly keys_from?: string | 'new';
  /** Which of them; all when absent. */
  readonly only?: readonly SandboxWallet[];
}

async function folderWithKeys(from: string | undefined): Promise<string> {
  if (from === undefined) return dataFolder('contract');
  const folder = mkdtempSync(join(tmpdir(), 'hutong-contract-'));
  if (from !== 'new') cpSync(from, folder, { recursive: true });
  return folder;
}

/** Every wallet's sandbox with its connector; books in memory. */
export async function sandboxStages(options: StageOptions = {}): Promise<Stages> {
  const { seed = 7, at } = options;
  const data_dir = await folderWithKeys(options.keys_from);
  let offset = 0;
  const clock = {
    now: () => new Date((at?.getTime() ?? Date.now()) + offset),
    real: () => new Date(),
  };
  const ports = Object.fromEntries(SANDBOX_WALLETS.map((name) => [name, 0])) as Record<
    SandboxWallet,
    number
  >;
  const wallets = await startSandboxWallets({
    config: { host: '127.0.0.1', data_dir, notify_pace: 0.001 },
    ports,
    clock,
    seed,
    ...(options.only ? { only: options.only } : {}),
  });
  const merchant = await openMerchant();
  const connectors = allConnectors({ real: () => new Date(), timeout_ms: 5_000 });
  const of = new Map<WalletName, Stage>();
  for (const connector of connectors) {
    const side = wallets.all.find((each) => each.wallet === connector.name);
    const store = wallets.stores.get(connector.name);
    if (!side || !store) continue;
    const recorder = new Recorder(connector, side.url);
    const { wallet } = recorder;
    const accountFrom = (given: {
      role?: string;
      settings: unknown;
      credentials: unknown;
    }): WalletAccount => ({
      id: `wac_${wallet.name}_${given.role ?? ''}`,
      wallet: wallet.name,
      custody: given.role === 'platform' ? 'wallet_held' : 'merchant_own',
      ...wallet.parseAccount({ settings: given.settings, credentials: given.credentials }),
    });
    const account = accountFrom(side.merchantAccount());
    const sandbox: SandboxSide = {
      side,
      faults: wallets.faults[side.wallet],
      store,
      recorder,
      accountOf(role) {
        const found = side.accounts().find((each) => each.role === role);
        return found && { account: accountFrom(found), sub_merchants: found.sub_merchants };
      },
      advance: (ms) => {
        offset += ms;
      },
      now: clock.now,
      payerId: async (person, as = account) =>
        recorder.private(`payer id of ${person}`, await payerId(wallet, as, person)),
      pay: (presentation, person = 'lin-xia') => pay(side, presentation, person),
    };
    of.set(wallet.name, {
      wallet,
      account,
      merchant,
      sandbox,
      order: orderAt(merchant, clock.now),
    });
  }
  return {
    of,
    data_dir,
    async stop() {
      for (const connector of connectors) connector.stop();
      await wallets.stop();
      await merchant.stop();
      rmSync(data_dir, { recursive: true, force: true });
    },
  };
}

async function pay(side: WalletSandbox, data: PresentationData, person: string): Promise<void> {
  const scan = await side.scan(person, codeIn(data));
  await side.confirm(scan.id, 'pay');
}

/** What a phone is shown, or told by the page, app or mini program that asks for the money. */
export function codeIn(data: PresentationData): string {
  switch (data.kind) {
    case 'qr':
      return data.qr;
    case 'page':
    case 'h5':
      return data.url;
    case 'form':
      return `${data.url}?${new URLSearchParams(data.fields).toString()}`;
    case 'in_app':
    case 'app':
    case 'mini_program': {
      const values = Object.values(data.params);
      return values.length === 1 ? String(values[0]) : JSON.stringify(data.params);
    }
    default:
      return data satisfies never;
  }
}

/** Logs in as the person: the sandboxes' login pages take `person` from the address. */
export async function payerId(
  wallet: Wallet,
  account: WalletAccount,
  person: string,
): Promise<string> {
  const { payerLogin } = wallet;
  if (!payerLogin) throw new Error(`${wallet.name} has no login`);
  const url = new URL(payerLogin.authorizeUrl(account, { redirect_url: BACK, state: 'state-1' }));
  url.searchParams.set('person', person);
  const answer = await fetch(url, { redirect: 'manual' });
  const back = new URL(answer.headers.get('location') ?? '');
  const code = back.searchParams.get(payerLogin.code_parameter) ?? '';
  const id = await payerLogin.exchangeCode(account, code);
  if (id === undefined) throw new Error(`${wallet.name} did not say who ${person} is`);
  return id;
}

/** Presentations that need the payer's id. */
export function needsPayer(kind: PresentationKind): boolean {
  return kind === 'in_app' || kind === 'mini_program';
}
