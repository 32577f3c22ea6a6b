import { Admin } from '../admin/admin.ts';
import { Funds } from '../funds.ts';
import {
  type CodeOnScreen,
  PhoneRefusal,
  type SandboxOptions,
  type WalletSandbox,
  type WalletTransaction,
} from '../sandbox.ts';
import { douyinPayActions } from './actions.ts';
import { Books, type Order } from './books.ts';
import { openKeys } from './keys.ts';
import { Notices } from './notices.ts';
import { expire, lifeOf } from './orders.ts';
import { PAYEE, Payer } from './payer.ts';
import { settleWhenDue } from './refunds.ts';
import { ROUTES } from './routes.ts';
import { listen } from './server.ts';
import type { DouyinPay } from './wallet.ts';

/**
 * Douyin Pay's own side: a direct merchant's orders, refunds, notifications and certificates. What
 * the wallet offers beyond that (profit sharing, transfers, bills, partners) is not here.
 */
const CODES_SHOWN = 20;

export async function startDouyinPaySandbox(options: SandboxOptions): Promise<WalletSandbox> {
  const { clock, store } = options;
  const keys = await openKeys(options, clock.real());
  const timers = new Set<NodeJS.Timeout>();
  const funds = new Funds(store);
  const douyin: DouyinPay = {
    options,
    keys,
    books: new Books(store, { people: options.people, funds, mchid: keys.mchid }),
    notices: new Notices(options, keys),
    url: '',
    later: (work, wait_ms) => {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          work();
        },
        Math.min(wait_ms, 2 ** 31 - 1),
      );
      timer.unref();
      timers.add(timer);
    },
  };
  const payer = new Payer(douyin);
  const actions = douyinPayActions(douyin, funds);
  const { requests, host } = options;
  const { token } = options;
  const coverage = ROUTES;
  const admin = new Admin({ wallet: 'douyin_pay', requests, actions, coverage, host, token });
  const { server, port } = await listen({ douyin, payer, admin }).catch((error: unknown) => {
    douyin.notices.stop();
    throw error;
  });
  douyin.url = `http://${reachable(host)}:${port}`;
  for (const refund of douyin.books.refunds.values()) {
    if (refund.status === 'PROCESSING') douyin.later(() => settleWhenDue(douyin, refund), 0);
  }
  return {
    wallet: 'douyin_pay',
    url: douyin.url,
    coverage,
    actions,
    ...phoneSide(douyin, payer),
    ...merchantSide(douyin),
    pendingNotifications: () => douyin.notices.pending,
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      douyin.notices.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** No payer codes and no transfers at this wallet's sandbox. */
function phoneSide(douyin: DouyinPay, payer: Payer) {
  const { books, options } = douyin;
  return {
    scan: async (person, code) => payer.scan(person, code),
    confirm: (id, outcome) => payer.confirm(id, outcome),
    balance: (person) => books.balance(person),
    setBalance: async (person, amount) => {
      books.setBalance(person, amount);
      await options.store.committed();
    },
    payerCode: () => {
      throw new PhoneRefusal('unknown_code');
    },
    prompts: () => [],
    answerPrompt: () => Promise.reject(new PhoneRefusal('prompt_over')),
    receivable: () => [],
    answerTransfer: () => Promise.reject(new PhoneRefusal('transfer_over')),
    codesOnScreen: () => codesOnScreen(douyin),
  } satisfies Partial<WalletSandbox>;
}

/** Newest first; the walk ends at the first code too old to be alive, so it stays short. */
function codesOnScreen(douyin: DouyinPay): CodeOnScreen[] {
  const codes: CodeOnScreen[] = [];
  const now = douyin.options.clock.now().getTime();
  for (const order of [...douyin.books.orders.values()].slice(-500).reverse()) {
    if (codes.length >= CODES_SHOWN) break;
    const alive = now < order.prepared_at + lifeOf(order);
    if (order.kind !== 'native' || !alive || expire(douyin, order).state !== 'NOTPAY') continue;
    codes.push({
      code: `${douyin.url}/cashier/qr?token=${order.token}`,
      payee: PAYEE.zh,
      amount: order.total,
      description: order.description,
    });
  }
  return codes;
}

function merchantSide(douyin: DouyinPay) {
  const { keys, books } = douyin;
  const account = () => ({
    settings: {
      mchid: keys.mchid,
      appid: keys.appid,
      serial_no: keys.serial_no,
      endpoint: douyin.url,
    },
    credentials: {
      private_key: keys.private_key,
      encrypt_key: keys.encrypt_key,
      platform_certificate: keys.platform[0]?.certificate ?? '',
    },
  });
  return {
    merchantAccount: account,
    accounts: () => [{ role: 'direct', ...account(), sub_merchants: [] }],
    scriptAccess: () => ({
      url: douyin.url,
      mchid: keys.mchid,
      appid: keys.appid,
      serial_no: keys.serial_no,
      private_key_file: keys.files.private_key,
      encrypt_key: keys.encrypt_key,
      platform_certificate_file: keys.files.platform_certificate,
    }),
    transactions: (page) => transactions(douyin, page),
    merchantBalances: () => new Map([[keys.mchid, books.owed]]),
  } satisfies Partial<WalletSandbox>;
}

/** A page of the book in order of age, after the order with this number. */
function transactions(douyin: DouyinPay, page: { after?: string; limit: number }) {
  const rows: WalletTransaction[] = [];
  let started = page.after === undefined;
  for (const order of douyin.books.orders.values()) {
    if (rows.length >= page.limit) break;
    if (started) rows.push(unified(douyin.keys.mchid, expire(douyin, order)));
    if (order.out_trade_no === page.after) started = true;
  }
  return rows;
}

function unified(merchant: string, order: Order): WalletTransaction {
  return {
    wallet_reference: order.out_trade_no,
    wallet_transaction_id: order.transaction_id,
    merchant,
    amount: order.total,
    refunded: order.refunded,
    state: stateOf(order),
    wallet_state: order.state,
    payer: order.person,
    created_at: new Date(order.created_at).toISOString(),
    paid_at: order.paid_at === null ? null : new Date(order.paid_at).toISOString(),
  };
}

function stateOf(order: Order): WalletTransaction['state'] {
  switch (order.state) {
    case 'NOTPAY':
      return 'waiting';
    case 'CLOSED':
      return 'closed';
    case 'SUCCESS':
      return 'paid';
    case 'REFUND':
      return order.refunded === order.total ? 'refunded' : 'partially_refunded';
    default:
      return order.state satisfies never;
  }
}
