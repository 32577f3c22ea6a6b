import { Admin } from '../admin/admin.ts';
import { Funds } from '../funds.ts';
import { Notifier } from '../notifier.ts';
import { PhoneRefusal, type SandboxOptions, type WalletSandbox } from '../sandbox.ts';
import { type AccountSource, accountsOf, merchantAccount, scriptAccess } from './accounts.ts';
import { alipayActions } from './actions.ts';
import { METHODS } from './api/methods.ts';
import { Rates } from './api/rates.ts';
import { BillLinks } from './bills/links.ts';
import {
  type Alipay,
  balanceOf,
  buyersOf,
  completed,
  type LoginCode,
  openBalances,
  type Trade,
} from './books.ts';
import { openDirectBook } from './direct/book.ts';
import { openFundTransfers } from './funds/actions.ts';
import type { Merge } from './merge/book.ts';
import { isAcknowledged, NOTIFY_SCHEDULE_MS, renderNotification } from './notices.ts';
import { openApps } from './open/apps.ts';
import { Authorizations } from './open/authorizations.ts';
import { Nonces } from './open/nonces.ts';
import { SentNotices } from './open/sent-notices.ts';
import { Switches } from './open/switches.ts';
import { Payers } from './payer.ts';
import { openRoyaltyBook } from './royalty/book.ts';
import { listen } from './server.ts';
import { Agenda } from './trade/agenda.ts';
import { openPayerCodes } from './trade/codes.ts';
import type { Coupon } from './trade/discounts.ts';
import { PAGE_METHODS } from './trade/methods.ts';
import { resume } from './trade/resume.ts';
import { codesOnScreen, merchantBalances, transactions } from './trade/transactions.ts';

/**
 * Where this wallet differs from the real one: its Alipay key of key mode is one for all
 * applications; stamps of the wrong hour are taken with a warning header unless it is set to
 * strict; any http(s) address may be returned to; page calls are answered with a redirect to
 * `/cashier/<token>`; a trade that times out or is closed sends no notification; an order number
 * stays bound to its amount and subject even before its code is scanned; a charge that waits for
 * the password is HTTP 202 in OpenAPI v3, and v3 signs the errors of known applications too.
 */

const TICK_MS = 200;

async function openWallet(options: SandboxOptions): Promise<AccountSource> {
  const { apps, secrets, keyring, authority } = await openApps(options);
  const { store, faults } = options;
  const alipay: Alipay = {
    options,
    url: '',
    apps,
    keyring,
    authority,
    authorizations: await Authorizations.open(options, apps),
    switches: new Switches(store),
    rates: new Rates(),
    nonces: new Nonces(),
    sent_notices: new SentNotices(),
    buyers: buyersOf(options.people),
    trades: store.collection<Trade>('trades'),
    balances: store.collection<{ amount: bigint }>('balances'),
    login_codes: store.collection<LoginCode>('login_codes'),
    funds: new Funds(store),
    agenda: new Agenda(() => options.clock.now().getTime()),
    coupons: store.collection<Coupon>('coupons'),
    payer_codes: openPayerCodes(store),
    merges: store.collection<Merge>('merges'),
    app_gateways: store.collection<{ app_id: string; url: string }>('app_gateways'),
    royalty: openRoyaltyBook(store),
    direct: openDirectBook(store),
    bill_links: new BillLinks(options.clock, options.random),
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
    completed(trade);
    alipay.by_token.set(trade.token, trade);
    if (trade.trade_no !== null) alipay.by_trade_no.set(trade.trade_no, trade);
  }
  openBalances(alipay);
  resume(alipay);
  openFundTransfers(alipay);
  return { alipay, secrets };
}

async function setMessageAddress(alipay: Alipay, url: string): Promise<void> {
  const [app] = alipay.apps.values();
  if (!app) throw new Error('the sandbox has no application');
  const { app_id } = app;
  alipay.app_gateways.put(app_id, { app_id, url });
  await alipay.options.store.committed();
}

/** Starts the wallet's own side on its own port; throws when the port is taken. */
export async function startAlipaySandbox(options: SandboxOptions): Promise<WalletSandbox> {
  const source = await openWallet(options);
  const { alipay } = source;
  const actions = alipayActions(alipay);
  const coverage = [...METHODS, ...PAGE_METHODS];
  const { requests, token } = options;
  const admin = new Admin({
    wallet: 'alipay',
    requests,
    actions,
    coverage,
    host: options.host,
    token,
  });
  const { server, port } = await listen(alipay, admin);
  const host = ['0.0.0.0', '::'].includes(options.host) ? '127.0.0.1' : options.host;
  alipay.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  await options.store.committed();
  const payers = new Payers(alipay);
  // The wallet acts by itself when business time has come, whether or not somebody calls.
  const ticking = setInterval(() => alipay.agenda.advance(), TICK_MS).unref();
  return {
    wallet: 'alipay',
    url: alipay.url,
    scan: (person, code) => payers.scan(person, code),
    confirm: (scanId, outcome) => payers.confirm(scanId, outcome),
    payerCode: (person) => payers.payerCode(person),
    prompts: (person) => payers.prompts(person),
    answerPrompt: (id, outcome) => payers.answerPrompt(id, outcome),
    receivable: () => [],
    answerTransfer: () => Promise.reject(new PhoneRefusal('transfer_over')),
    codesOnScreen: () => codesOnScreen(alipay),
    coverage,
    actions,
    accounts: () => accountsOf(source),
    balance: (person) => balanceOf(alipay, person),
    setBalance: async (person, amount) => {
      alipay.balances.put(person, { amount });
      await options.store.committed();
    },
    transactions: (page) => transactions(alipay, page),
    merchantBalances: () => merchantBalances(alipay),
    merchantAccount: () => merchantAccount(source),
    setMessageAddress: (url) => setMessageAddress(alipay, url),
    scriptAccess: () => scriptAccess(source),
    pendingNotifications: () => alipay.notifier.pending,
    stop: async () => {
      clearInterval(ticking);
      alipay.notifier.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
