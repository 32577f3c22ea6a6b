import { join } from 'node:path';
import type { SandboxOptions, WalletSandbox } from '../sandbox.ts';
import { RequestLog } from './api/request-log.ts';
import { Books } from './books.ts';
import type { SandboxContext } from './context.ts';
import { loadMerchant, type Merchant } from './keys.ts';
import { Notices } from './notices.ts';
import { openidOf } from './numbers.ts';
import { expire } from './orders.ts';
import { Pages } from './pages/page.ts';
import { Payer } from './payer.ts';
import { scheduleSettlement } from './refunds.ts';
import { listen } from './server.ts';
import { unified } from './unified.ts';

/** Name under which the first merchant is registered; payers see it. */
const MERCHANT_NAME = '胡同集市';

export interface WechatPaySandboxOptions extends SandboxOptions {
  /** Time between accepting a refund and its arrival, milliseconds; 0 when absent. */
  readonly refund_delay_ms?: number;
}

/**
 * Starts WeChat Pay's own side: APIv3 in direct mode with public-key trust, the payer's pages and
 * the OAuth of in-wallet browsers. Rejects when the port is taken or the kept keys are damaged.
 */
export async function startWechatPaySandbox(
  options: WechatPaySandboxOptions,
): Promise<WalletSandbox> {
  const merchant = await loadMerchant({
    directory: options.keys_dir,
    prefix: 'wechat_pay',
    name: MERCHANT_NAME,
    now: options.clock.real(),
  });
  const timers = new Set<NodeJS.Timeout>();
  let url = '';
  const context = buildContext(options, [merchant], { timers, url: () => url });
  const payer = new Payer(context);
  const log = new RequestLog(() => options.clock.real());
  const { host, port } = options;
  const pages = new Pages(context, payer, log);
  const server = await listen({ context, log, pages, host, port }).catch((error: unknown) => {
    context.notices.stop();
    throw error;
  });
  url = `http://${reachable(host)}:${server.port}`;
  resumeRefunds(context);
  return {
    wallet: 'wechat_pay',
    url,
    scan: async (person, code) => payer.scan(person, code),
    confirm: (scanId, outcome) => payer.confirm(scanId, outcome),
    balance: (person) => context.books.balance(person),
    setBalance: async (person, amount) => {
      context.books.setBalance(person, amount);
      await options.store.committed();
    },
    transactions: (page) => {
      const orders = context.books.page(page);
      for (const order of orders) expire(context, order);
      return orders.map(unified);
    },
    merchantBalances: () => context.books.merchantBalances,
    merchantAccount: () => merchantAccount(merchant, url),
    scriptAccess: () => ({
      url,
      mchid: merchant.mchid,
      appid: merchant.appid,
      serial_no: merchant.serial_no,
      private_key_file: join(options.keys_dir, 'wechat_pay_merchant_private_key.pem'),
      api_v3_key: merchant.api_v3_key,
      public_key_id: merchant.public_key_id,
      public_key_file: join(options.keys_dir, 'wechat_pay_public_key.pem'),
    }),
    pendingNotifications: () => context.notices.pending,
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      context.notices.stop();
      await server.stop();
    },
  };
}

function buildContext(
  options: WechatPaySandboxOptions,
  merchantList: readonly Merchant[],
  runtime: { timers: Set<NodeJS.Timeout>; url: () => string },
): SandboxContext {
  const merchants = new Map(merchantList.map((merchant) => [merchant.mchid, merchant]));
  const openid = (person: string, { appid, openid_salt }: Merchant) =>
    openidOf({ salt: openid_salt, appid, person });
  const persons = new Map<string, { person: string; appid: string }>();
  for (const merchant of merchantList) {
    for (const { id } of options.people) {
      persons.set(openid(id, merchant), { person: id, appid: merchant.appid });
    }
  }
  return {
    clock: options.clock,
    store: options.store,
    books: new Books(options.store, options.people),
    notices: new Notices(options, merchants),
    faults: options.faults,
    people: options.people,
    merchants,
    refund_delay_ms: options.refund_delay_ms ?? 0,
    listen_host: options.host,
    url: runtime.url,
    openid,
    personOf: (id) => persons.get(id),
    later: (work, wait_ms) => {
      const timer = setTimeout(
        () => {
          runtime.timers.delete(timer);
          work();
        },
        Math.min(wait_ms, 2 ** 31 - 1),
      );
      timer.unref();
      runtime.timers.add(timer);
    },
  };
}

/** Refunds that were on their way when the sandbox stopped arrive after all. */
function resumeRefunds(context: SandboxContext): void {
  for (const refund of context.books.refunds.values()) {
    if (refund.status === 'PROCESSING') scheduleSettlement(context, refund);
  }
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function merchantAccount(merchant: Merchant, url: string) {
  return {
    settings: {
      mchid: merchant.mchid,
      appid: merchant.appid,
      serial_no: merchant.serial_no,
      public_key_id: merchant.public_key_id,
      endpoint: url,
      oauth_endpoint: url,
      bridge_url: `${url}/bridge.js`,
    },
    credentials: {
      private_key: merchant.private_key,
      api_v3_key: merchant.api_v3_key,
      public_key: merchant.public_key,
      app_secret: merchant.app_secret,
    },
  };
}
