import { assert } from '../../errors.ts';
import { Admin } from '../admin/admin.ts';
import { Funds } from '../funds.ts';
import type { ConfirmOutcome, SandboxOptions, WalletSandbox } from '../sandbox.ts';
import { wechatPayActions } from './actions.ts';
import { ROUTES } from './api/routes.ts';
import { BillDays } from './bills/days.ts';
import { BillFiles } from './bills/files.ts';
import { Books } from './books.ts';
import type { SandboxContext } from './context.ts';
import { WithdrawalBook } from './ecommerce/withdrawal-book.ts';
import { merchantAccount, scriptAccess } from './merchants/accounts.ts';
import { Apps } from './merchants/apps.ts';
import type { Merchant } from './merchants/keys.ts';
import { type LoadedKeys, loadKeys } from './merchants/load.ts';
import { MerchantSettings } from './merchants/settings.ts';
import { SubMerchants } from './merchants/sub-merchants.ts';
import { WalletKeys } from './merchants/wallet-keys.ts';
import { Notices } from './notices.ts';
import { ApplicationBook } from './onboarding/applications.ts';
import { Coupons } from './orders/coupons.ts';
import { expire } from './orders/lives.ts';
import { Openids } from './orders/openids.ts';
import { Pages } from './pages/page.ts';
import { Payer } from './payer.ts';
import { Charges } from './payer-codes/charges.ts';
import { PayerCodes } from './payer-codes/codes.ts';
import { answerPrompt, promptsOf } from './payer-codes/prompts.ts';
import { resumeRefunds } from './refunds/progress.ts';
import { listen } from './server.ts';
import { SharingBook } from './sharing/book.ts';
import { resumeSharing } from './sharing/resume.ts';
import { openOperationAccounts } from './transfers/actions.ts';
import { TransferBook } from './transfers/book.ts';
import { expireConsent } from './transfers/consents.ts';
import { answerTransfer, givenConsents, receivable, withdrawConsent } from './transfers/payee.ts';
import { watchTransfers } from './transfers/progress.ts';
import { unified } from './unified.ts';
import { V2_CALLS } from './v2/routes.ts';

export interface WechatPaySandboxOptions extends SandboxOptions {
  /** Time between accepting a refund and its arrival, milliseconds; 0 when absent. */
  readonly refund_delay_ms?: number;
}

/**
 * Starts WeChat Pay's own side: APIv3 towards direct merchants, partners and platforms, the payer's
 * pages and the OAuth of in-wallet browsers. Rejects when the port is taken or the kept keys are
 * damaged.
 */
export async function startWechatPaySandbox(
  options: WechatPaySandboxOptions,
): Promise<WalletSandbox> {
  const loaded = await loadKeys(options.keys_dir, () => options.clock.real(), options.random);
  const { merchants } = loaded;
  const [merchant] = merchants;
  assert(merchant, 'the first role is the direct merchant');
  const timers = new Set<NodeJS.Timeout>();
  let url = '';
  const context = buildContext(options, loaded, { timers, url: () => url });
  const payer = new Payer(context);
  const { host, port } = options;
  const actions = wechatPayActions(context);
  const { requests, token } = options;
  const coverage = [...ROUTES, ...V2_CALLS];
  const admin = new Admin({
    wallet: 'wechat_pay',
    requests,
    actions,
    coverage,
    host,
    token,
  });
  const pages = new Pages(context, payer, admin);
  const server = await listen({ context, pages, host, port }).catch((error: unknown) => {
    context.notices.stop();
    throw error;
  });
  url = `http://${reachable(host)}:${server.port}`;
  const accountOf = (each: Merchant) =>
    merchantAccount(each, context.keys.settings.of(each).trust, url);
  resumeRefunds(context);
  resumeSharing(context);
  startTransfers(context);
  return {
    wallet: 'wechat_pay',
    url,
    ...phoneSide(context, payer),
    coverage,
    actions,
    accounts: () =>
      merchants.map((each) => ({
        role: each.account,
        ...accountOf(each),
        sub_merchants: context.sub_merchants.of(each.mchid).map(({ sub_mchid }) => sub_mchid),
      })),
    transactions: (page) => {
      const orders = context.books.page(page);
      for (const order of orders) expire(context, order);
      return orders.map((order) => unified(order, context.books.referenceOf(order)));
    },
    merchantBalances: () => context.books.merchantBalances,
    merchantAccount: () => accountOf(merchant),
    scriptAccess: () => scriptAccess(merchant, url, options.keys_dir),
    pendingNotifications: () => context.notices.pending,
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      context.notices.stop();
      await server.stop();
    },
  };
}

/** What the phone asks of a wallet: codes, prompts, transfers, and the person's purse. */
function phoneSide(context: SandboxContext, payer: Payer) {
  const { books, clock, payer_codes, store } = context;
  return {
    scan: async (person: string, code: string) => payer.scan(person, code),
    confirm: (scanId: string, outcome: ConfirmOutcome) => payer.confirm(scanId, outcome),
    payerCode: (person: string) => payer_codes.show(person, clock.now().getTime()),
    prompts: (person: string) => promptsOf(context, person),
    answerPrompt: (id: string, outcome: ConfirmOutcome) => answerPrompt(context, id, outcome),
    receivable: (person: string) => receivable(context, person),
    answerTransfer: (id: string, outcome: 'accept' | 'decline') =>
      answerTransfer(context, id, outcome),
    consents: (person: string) => givenConsents(context, person),
    withdrawConsent: (person: string, id: string) => withdrawConsent(context, person, id),
    codesOnScreen: () => payer.codesOnScreen(),
    balance: (person: string) => books.balance(person),
    setBalance: async (person: string, amount: bigint) => {
      books.setBalance(person, amount);
      await store.committed();
    },
  };
}

function buildContext(
  options: WechatPaySandboxOptions,
  { merchants: merchantList, platform }: LoadedKeys,
  runtime: { timers: Set<NodeJS.Timeout>; url: () => string },
): SandboxContext {
  const merchants = new Map(merchantList.map((merchant) => [merchant.mchid, merchant]));
  const sub_merchants = new SubMerchants(options.store, options.random);
  sub_merchants.seed(merchantList, options.clock.now().getTime());
  const apps = new Apps(options.store, merchants, sub_merchants);
  const openids = new Openids(options.people, apps);
  const books = new Books(options.store, options.people);
  const { clock, faults, random } = options;
  const settings = new MerchantSettings(options.store);
  const keys = new WalletKeys({
    clock,
    faults,
    random: random.stream('signing'),
    platform,
    settings,
  });
  return {
    clock: options.clock,
    store: options.store,
    books,
    notices: new Notices(options, merchants, keys),
    faults: options.faults,
    people: options.people,
    merchants,
    sub_merchants,
    apps,
    payer_codes: new PayerCodes(options.store, options.random),
    charges: new Charges(books.orders.values()),
    coupons: new Coupons(options.store, options.random),
    keys,
    sharing: new SharingBook(options.store),
    withdrawals: new WithdrawalBook(options.store),
    applications: new ApplicationBook(options.store),
    funds: new Funds(options.store),
    days: new BillDays(books),
    bill_files: new BillFiles(options.clock, options.random),
    transfers: new TransferBook(options.store),
    random: options.random,
    requests: options.requests,
    rate_limits: options.rate_limits,
    refund_delay_ms: options.refund_delay_ms ?? 0,
    listen_host: options.host,
    url: runtime.url,
    openid: (person, app) => openids.of(person, app),
    personOf: (id) => openids.ownerOf(id),
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

/** Money for transfers, and what became due while nobody was here. */
function startTransfers(context: SandboxContext): void {
  openOperationAccounts(context);
  watchTransfers(context, () => {
    for (const consent of context.transfers.openConsents) expireConsent(context, consent);
  });
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
