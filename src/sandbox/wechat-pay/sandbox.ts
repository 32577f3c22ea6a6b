import { assert } from '../../errors.ts';
import { Admin } from '../admin/admin.ts';
import { Funds } from '../funds.ts';
import { PhoneRefusal, type SandboxOptions, type WalletSandbox } from '../sandbox.ts';
import { wechatPayActions } from './actions.ts';
import { ROUTES } from './api/routes.ts';
import { Books } from './books.ts';
import type { SandboxContext } from './context.ts';
import { merchantAccount, scriptAccess } from './merchants/accounts.ts';
import { loadMerchant, type Merchant, ROLES, type Role } from './merchants/keys.ts';
import { SubMerchants } from './merchants/sub-merchants.ts';
import { Notices } from './notices.ts';
import { openidOf } from './numbers.ts';
import { expire } from './orders/orders.ts';
import { Pages } from './pages/page.ts';
import { Payer } from './payer.ts';
import { scheduleSettlement } from './refunds/refunds.ts';
import { listen } from './server.ts';
import { SharingBook } from './sharing/book.ts';
import { resumeSharing } from './sharing/resume.ts';
import { openOperationAccounts } from './transfers/actions.ts';
import { TransferBook } from './transfers/book.ts';
import { expireConsent } from './transfers/consents.ts';
import { answerTransfer, receivable } from './transfers/payee.ts';
import { watchTransfers } from './transfers/progress.ts';
import { unified } from './unified.ts';

/** Names under which the merchants are registered; payers see those of sellers and of the first. */
const MERCHANT_NAMES: Readonly<Record<Role, string>> = {
  direct: '胡同集市',
  partner: '胡同服务商',
  platform: '胡同平台',
};

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
  const merchants = await Promise.all(ROLES.map((role) => load(options, role)));
  const [merchant] = merchants;
  assert(merchant, 'the first role is the direct merchant');
  const timers = new Set<NodeJS.Timeout>();
  let url = '';
  const context = buildContext(options, merchants, { timers, url: () => url });
  const payer = new Payer(context);
  const { host, port } = options;
  const actions = wechatPayActions(context);
  const { requests } = options;
  const admin = new Admin({ wallet: 'wechat_pay', requests, actions, coverage: ROUTES });
  const pages = new Pages(context, payer, admin);
  const server = await listen({ context, pages, host, port }).catch((error: unknown) => {
    context.notices.stop();
    throw error;
  });
  url = `http://${reachable(host)}:${server.port}`;
  resumeRefunds(context);
  resumeSharing(context);
  startTransfers(context);
  return {
    wallet: 'wechat_pay',
    url,
    scan: async (person, code) => payer.scan(person, code),
    confirm: (scanId, outcome) => payer.confirm(scanId, outcome),
    payerCode: () => {
      throw new PhoneRefusal('unknown_code');
    },
    prompts: () => [],
    answerPrompt: () => Promise.reject(new PhoneRefusal('prompt_over')),
    receivable: (person) => receivable(context, person),
    answerTransfer: (id, outcome) => answerTransfer(context, id, outcome),
    codesOnScreen: () => [],
    coverage: ROUTES,
    actions,
    accounts: () =>
      merchants.map((each) => ({
        role: each.role,
        ...merchantAccount(each, url),
        sub_merchants: context.sub_merchants.of(each.mchid).map(({ sub_mchid }) => sub_mchid),
      })),
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
    scriptAccess: () => scriptAccess(merchant, url, options.keys_dir),
    pendingNotifications: () => context.notices.pending,
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      context.notices.stop();
      await server.stop();
    },
  };
}

/** The first merchant keeps the plain prefix, the others have their role in it. */
function load(options: WechatPaySandboxOptions, role: Role): Promise<Merchant> {
  return loadMerchant({
    directory: options.keys_dir,
    prefix: role === 'direct' ? 'wechat_pay' : `wechat_pay_${role}`,
    role,
    name: MERCHANT_NAMES[role],
    now: options.clock.real(),
  });
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
  const sub_merchants = new SubMerchants(options.store, options.random);
  sub_merchants.seed(merchantList, options.clock.now().getTime());
  return {
    clock: options.clock,
    store: options.store,
    books: new Books(options.store, options.people),
    notices: new Notices(options, merchants),
    faults: options.faults,
    people: options.people,
    merchants,
    sub_merchants,
    sharing: new SharingBook(options.store),
    funds: new Funds(options.store),
    transfers: new TransferBook(options.store),
    random: options.random,
    requests: options.requests,
    rate_limits: options.rate_limits,
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

/** Money for transfers, and what became due while nobody was here. */
function startTransfers(context: SandboxContext): void {
  openOperationAccounts(context);
  watchTransfers(context, () => {
    for (const consent of context.transfers.openConsents) expireConsent(context, consent);
  });
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
