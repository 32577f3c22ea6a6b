import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { Admin } from '../admin/admin.ts';
import { Funds } from '../funds.ts';
import { Notifier } from '../notifier.ts';
import {
  PhoneRefusal,
  type SandboxOptions,
  type WalletSandbox,
  type WalletTransaction,
} from '../sandbox.ts';
import { alipayActions } from './actions.ts';
import { METHODS } from './api/methods.ts';
import {
  type Alipay,
  type App,
  balanceOf,
  buyersOf,
  current,
  type LoginCode,
  openBalances,
  type Trade,
} from './books.ts';
import { openKeys, privatePem, publicPem, type SandboxKeys } from './keys.ts';
import { isAcknowledged, NOTIFY_SCHEDULE_MS, renderNotification } from './notices.ts';
import { Payers } from './payer.ts';
import { listen } from './server.ts';
import { PAGE_METHODS } from './trade/methods.ts';

/**
 * Where this wallet differs from the real one: key mode only, one application, utf-8 only; one
 * Alipay key for all applications; a stamp of the wrong hour is taken with a warning header; any
 * http(s) address may be returned to; answers are `application/json`; page calls are answered with
 * a redirect to `/cashier/<token>`; a trade that times out or is closed sends no notification; an
 * order number stays bound to its amount and subject even before its code is scanned.
 */

/** The first merchant: numbers in the shapes of the wallet's own test environment. */
const APP_ID = '9021000100000001';
const SELLER_ID = '2088100000000001';
const PAYEE = { zh: '胡同集市', en: 'Hutong Market' } as const;

function openWallet(options: SandboxOptions, keys: SandboxKeys): Alipay {
  const app: App = {
    app_id: APP_ID,
    seller_id: SELLER_ID,
    payee: PAYEE,
    public_key: createPublicKey(keys.app),
  };
  const { store, faults } = options;
  const alipay: Alipay = {
    options,
    url: '',
    private_key: keys.alipay,
    apps: new Map([[app.app_id, app]]),
    buyers: buyersOf(options.people),
    trades: store.collection<Trade>('trades'),
    balances: store.collection<{ amount: bigint }>('balances'),
    login_codes: store.collection<LoginCode>('login_codes'),
    funds: new Funds(store),
    by_trade_no: new Map(),
    by_token: new Map(),
    notifier: new Notifier({
      store,
      faults,
      schedule_ms: NOTIFY_SCHEDULE_MS,
      pace: options.notify_pace,
      render: (notification) => renderNotification(alipay, notification),
      accepts: isAcknowledged,
    }),
  };
  for (const trade of alipay.trades.values()) {
    alipay.by_token.set(trade.token, trade);
    if (trade.trade_no !== null) alipay.by_trade_no.set(trade.trade_no, trade);
  }
  openBalances(alipay);
  return alipay;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function stateOf(trade: Trade): WalletTransaction['state'] {
  if (trade.paid_at === null) return trade.status === 'TRADE_CLOSED' ? 'closed' : 'waiting';
  if (trade.refunded === 0n) return 'paid';
  return trade.refunded === trade.amount ? 'refunded' : 'partially_refunded';
}

function toTransaction(trade: Trade): WalletTransaction {
  return {
    wallet_reference: trade.out_trade_no,
    wallet_transaction_id: trade.trade_no,
    merchant: trade.seller_id,
    amount: trade.amount,
    refunded: trade.refunded,
    state: stateOf(trade),
    wallet_state: trade.status,
    payer: trade.buyer,
    created_at: iso(trade.created_at ?? trade.placed_at),
    paid_at: trade.paid_at === null ? null : iso(trade.paid_at),
  };
}

/** A page of the book; orders that nobody has scanned are not in it, as the wallet has no trade. */
function transactions(alipay: Alipay, options: { after?: string; limit: number }) {
  const rows: WalletTransaction[] = [];
  let started = options.after === undefined;
  for (const trade of alipay.trades.values()) {
    if (rows.length >= options.limit) break;
    if (started && trade.status !== 'NOT_CREATED') {
      rows.push(toTransaction(current(alipay, trade)));
    }
    if (trade.out_trade_no === options.after) started = true;
  }
  return rows;
}

function merchantBalances(alipay: Alipay): Map<string, bigint> {
  const balances = new Map<string, bigint>();
  for (const app of alipay.apps.values()) balances.set(app.seller_id, 0n);
  for (const trade of alipay.trades.values()) {
    if (trade.paid_at === null) continue;
    const before = balances.get(trade.seller_id) ?? 0n;
    balances.set(trade.seller_id, before + trade.amount - trade.refunded);
  }
  return balances;
}

function merchantAccount(alipay: Alipay, keys: SandboxKeys) {
  return {
    settings: {
      app_id: APP_ID,
      seller_id: SELLER_ID,
      gateway: `${alipay.url}/gateway.do`,
      oauth_endpoint: alipay.url,
      bridge_url: `${alipay.url}/bridge.js`,
    },
    credentials: {
      private_key: privatePem(keys.app),
      alipay_public_key: publicPem(keys.alipay),
    },
  };
}

/** Starts the wallet's own side on its own port; throws when the port is taken. */
export async function startAlipaySandbox(options: SandboxOptions): Promise<WalletSandbox> {
  const keys = await openKeys(options.keys_dir);
  const alipay = openWallet(options, keys);
  const actions = alipayActions(alipay);
  const coverage = [...METHODS, ...PAGE_METHODS];
  const admin = new Admin({ wallet: 'alipay', requests: options.requests, actions, coverage });
  const { server, port } = await listen(alipay, admin);
  const host = ['0.0.0.0', '::'].includes(options.host) ? '127.0.0.1' : options.host;
  alipay.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  await options.store.committed();
  const payers = new Payers(alipay);
  return {
    wallet: 'alipay',
    url: alipay.url,
    scan: (person, code) => payers.scan(person, code),
    confirm: (scanId, outcome) => payers.confirm(scanId, outcome),
    payerCode: () => {
      throw new PhoneRefusal('unknown_code');
    },
    prompts: () => [],
    answerPrompt: () => Promise.reject(new PhoneRefusal('prompt_over')),
    receivable: () => [],
    answerTransfer: () => Promise.reject(new PhoneRefusal('transfer_over')),
    codesOnScreen: () => [],
    coverage,
    actions,
    accounts: () => [{ role: 'key', ...merchantAccount(alipay, keys), sub_merchants: [] }],
    balance: (person) => balanceOf(alipay, person),
    setBalance: async (person, amount) => {
      alipay.balances.put(person, { amount });
      await options.store.committed();
    },
    transactions: (page) => transactions(alipay, page),
    merchantBalances: () => merchantBalances(alipay),
    merchantAccount: () => merchantAccount(alipay, keys),
    scriptAccess: () => ({
      url: alipay.url,
      gateway: `${alipay.url}/gateway.do`,
      app_id: APP_ID,
      seller_id: SELLER_ID,
      private_key_file: join(options.keys_dir, 'app_private_key.pem'),
      alipay_public_key_file: join(options.keys_dir, 'alipay_public_key.pem'),
    }),
    pendingNotifications: () => alipay.notifier.pending,
    stop: async () => {
      alipay.notifier.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
