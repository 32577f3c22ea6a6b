import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { newWalletReference } from '../../../src/ids.ts';
import { startAlipaySandbox } from '../../../src/sandbox/alipay/sandbox.ts';
import { startDouyinPaySandbox } from '../../../src/sandbox/douyin-pay/sandbox.ts';
import { FaultDial } from '../../../src/sandbox/faults.ts';
import { sandboxRandom } from '../../../src/sandbox/random.ts';
import { RequestLog } from '../../../src/sandbox/requests.ts';
import type { SandboxOptions, WalletSandbox } from '../../../src/sandbox/sandbox.ts';
import { memoryJournal, SandboxStore } from '../../../src/sandbox/store.ts';
import { startUnionPaySandbox } from '../../../src/sandbox/union-pay/sandbox.ts';
import { startWechatPaySandbox } from '../../../src/sandbox/wechat-pay/sandbox.ts';
import { alipayWallet } from '../../../src/wallets/alipay/wallet.ts';
import { douyinPayWallet } from '../../../src/wallets/douyin-pay/wallet.ts';
import type { RawNotification } from '../../../src/wallets/notification.ts';
import { unionPayWallet } from '../../../src/wallets/union-pay/wallet.ts';
import type {
  CreateOrder,
  RefundOrder,
  Wallet,
  WalletAccount,
  WalletEnvironment,
} from '../../../src/wallets/wallet.ts';
import { wechatPayWallet } from '../../../src/wallets/wechat-pay/wallet.ts';
import { atFileEnd } from '../../support/file-end.ts';
import { keysFolder } from '../../support/sandbox-keys.ts';

/** One wallet's sandbox on its port and its connector beside it, without a hub around them. */
export const WIRE_WALLETS = ['wechat_pay', 'alipay', 'union_pay', 'douyin_pay'] as const;
export type WireWallet = (typeof WIRE_WALLETS)[number];

/** A run of `npm run test:full` tries many more cases, from a seed of its own. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
export const WIRE_FACTOR = FULL ? 50 : 1;

const START = {
  wechat_pay: startWechatPaySandbox,
  alipay: startAlipaySandbox,
  union_pay: startUnionPaySandbox,
  douyin_pay: startDouyinPaySandbox,
} as const;

const CONNECT: Readonly<Record<WireWallet, (environment: WalletEnvironment) => Wallet>> = {
  wechat_pay: wechatPayWallet,
  alipay: alipayWallet,
  union_pay: unionPayWallet,
  douyin_pay: douyinPayWallet,
};

export interface AccountOptions {
  /** Where the connector believes the wallet to be; the sandbox when absent. */
  readonly url?: string;
  readonly id?: string;
  /** Which merchant of the sandbox. */
  readonly role?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Wire {
  readonly name: WireWallet;
  readonly sandbox: WalletSandbox;
  readonly requests: RequestLog;
  readonly faults: FaultDial;
  readonly keys_dir: string;
  readonly wallet: Wallet;
  /** A connector of its own: circuit, key ring and sockets are those of no other test. */
  connector(timeout_ms?: number): Wallet;
  account(options?: AccountOptions): WalletAccount;
  order(more?: Partial<CreateOrder>): CreateOrder;
  /** An order with its code shown. */
  presented(more?: Partial<CreateOrder>): Promise<{ order: CreateOrder; code: string }>;
  /** An order that Lin has paid. */
  paid(more?: Partial<CreateOrder>): Promise<CreateOrder>;
  /** The genuine notification of a payment made just now, as its bytes came. */
  notice(more?: Partial<CreateOrder>): Promise<RawNotification>;
  refundOf(order: CreateOrder, amount?: bigint): RefundOrder;
}

const PEOPLE = [{ id: 'lin', name: { zh: '林小禾', en: 'Lin Xiaohe' } }] as const;

/** Starts one wallet for the tests of a file, and stops it after them. */
export async function startWire(name: WireWallet): Promise<Wire> {
  const keys_dir = await keysFolder(name);
  const clock = { now: () => new Date(), real: () => new Date() };
  const store = await SandboxStore.open(memoryJournal);
  const requests = new RequestLog(clock.real);
  const faults = new FaultDial(11);
  const options: SandboxOptions = {
    host: '127.0.0.1',
    port: 0,
    keys_dir,
    clock,
    store,
    faults,
    people: PEOPLE,
    notify_pace: 0.001,
    random: sandboxRandom(5),
    requests,
    rate_limits: false,
  };
  const sandbox = await START[name](options);
  await sandbox.setBalance('lin', 1_000_000_000n);
  const opened: Wallet[] = [];
  const connector = (timeout_ms = 2_000) => {
    const wallet = CONNECT[name]({ real: () => new Date(), timeout_ms });
    opened.push(wallet);
    return wallet;
  };
  const wallet = connector();
  const ear = await openEar(wallet);
  atFileEnd(async () => {
    for (const each of opened) each.stop();
    await ear.stop();
    await sandbox.stop();
    await store.stop();
    rmSync(keys_dir, { recursive: true, force: true });
  });
  const wire = { name, sandbox, requests, faults, keys_dir, wallet, connector };
  return { ...wire, ...shopSide({ sandbox, wallet, ear }) };
}

type ShopSide = Pick<Wire, 'account' | 'order' | 'presented' | 'paid' | 'notice' | 'refundOf'>;

function shopSide(on: { sandbox: WalletSandbox; wallet: Wallet; ear: Ear }): ShopSide {
  const { sandbox, wallet, ear } = on;
  const account: Wire['account'] = (options = {}) => accountOf(sandbox, wallet, options);
  const order: Wire['order'] = (more = {}) => ({
    wallet_reference: newWalletReference(0),
    amount: 1234n,
    currency: 'CNY',
    description: '龙井茶 250g',
    presentation: 'qr',
    notify_url: ear.url,
    return_url: 'http://127.0.0.1:9/back',
    expires_at: new Date(Date.now() + 600_000),
    client_ip: '127.0.0.1',
    ...more,
  });
  const presented: Wire['presented'] = async (more) => {
    const made = order(more);
    const outcome = await wallet.createPayment(account(), made);
    if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
      throw new Error(`no code: ${JSON.stringify(outcome)}`);
    }
    return { order: made, code: outcome.presentation.qr };
  };
  const paid: Wire['paid'] = async (more) => {
    const { order: made, code } = await presented(more);
    const { id } = await sandbox.scan('lin', code);
    await sandbox.confirm(id, 'pay');
    return made;
  };
  return {
    account,
    order,
    presented,
    paid,
    notice: async (more) => {
      const before = ear.heard.length;
      await paid(more);
      return ear.at(before);
    },
    refundOf: (made, amount = 100n) => ({
      wallet_reference: made.wallet_reference,
      refund_reference: newWalletReference(0),
      amount,
      payment_amount: made.amount,
      currency: 'CNY',
      reason: '退货',
      notify_url: ear.url,
    }),
  };
}

function accountOf(
  sandbox: WalletSandbox,
  wallet: Wallet,
  { url, id = 'wac_wire', role, settings: more = {} }: AccountOptions,
): WalletAccount {
  const given =
    role === undefined
      ? sandbox.merchantAccount()
      : sandbox.accounts().find((each) => each.role === role);
  if (!given) throw new Error(`no merchant ${role}`);
  const settings = Object.fromEntries(
    Object.entries(given.settings).map(([name, value]) => {
      const moved = typeof value === 'string' && url !== undefined && value.startsWith(sandbox.url);
      return [name, moved ? url + value.slice(sandbox.url.length) : value];
    }),
  );
  const { credentials } = given;
  const parsed = wallet.parseAccount({ settings: { ...settings, ...more }, credentials });
  return { id, wallet: wallet.name, custody: 'merchant_own', ...parsed };
}

interface Ear {
  readonly url: string;
  readonly heard: readonly RawNotification[];
  /** Resolves with that one, whether it has come or not. */
  at(index: number): Promise<RawNotification>;
  stop(): Promise<void>;
}

/** Where notifications come to; each is acknowledged as its wallet wants it. */
async function openEar(wallet: Wallet): Promise<Ear> {
  const heard: RawNotification[] = [];
  let wake: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, `${value}`]);
      const body = Buffer.concat(chunks);
      heard.push({ headers: Object.fromEntries(headers), body, received_at: new Date() });
      const answer = wallet.answerNotification(true);
      response.writeHead(answer.status, { 'content-type': answer.content_type });
      response.end(answer.body);
      for (const tell of wake) tell();
      wake = [];
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/notify`,
    heard,
    async at(index) {
      for (;;) {
        const found = heard[index];
        if (found) return found;
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
