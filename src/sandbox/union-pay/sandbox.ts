import { X509Certificate } from 'node:crypto';
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
import { unionPayActions } from './actions.ts';
import { ROUTES } from './api/routes.ts';
import {
  balanceOf,
  indexAll,
  isExpired,
  type Merchant,
  openBalances,
  type PayerCodeRecord,
  type Payment,
  type Return,
  type UnionPay,
} from './books.ts';
import { openKeys, type SandboxKeys } from './keys.ts';
import { isAcknowledged, NOTIFY_SCHEDULE_MS, renderNotification } from './notices.ts';
import { codeUrl } from './orders/create.ts';
import { current } from './orders/settle.ts';
import { FRONT_ROUTES } from './pages/front.ts';
import { Payers, payeeOf } from './payer.ts';
import { listen } from './server.ts';

/** The first merchant: a number in the shape of UnionPay's own test merchants. */
const MER_ID = '777290058110048';
const PAYEE = { zh: '胡同集市', en: 'Hutong Market' } as const;
const MAX_ON_SCREEN = 20;

function openWallet(options: SandboxOptions, keys: SandboxKeys): UnionPay {
  const { store, faults } = options;
  const certificate = new X509Certificate(keys.merchant.certificate);
  const merchant: Merchant = {
    mer_id: MER_ID,
    payee: PAYEE,
    keys: new Map([[keys.merchant.cert_id, certificate.publicKey]]),
  };
  const union: UnionPay = {
    options,
    url: '',
    keys,
    merchants: new Map([[MER_ID, merchant]]),
    people: new Map(options.people.map((person) => [person.id, person])),
    payments: store.collection<Payment>('payments'),
    returns: store.collection<Return>('returns'),
    balances: store.collection<{ amount: bigint }>('balances'),
    payer_codes: store.collection<PayerCodeRecord>('payer_codes'),
    funds: new Funds(store),
    by_token: new Map(),
    by_query_id: new Map(),
    notifier: new Notifier({
      store,
      faults,
      schedule_ms: NOTIFY_SCHEDULE_MS,
      pace: options.notify_pace,
      render: (notification) => renderNotification(union, notification),
      accepts: (answer) => isAcknowledged(union, answer),
    }),
  };
  indexAll(union);
  openBalances(union);
  return union;
}

function stateOf(union: UnionPay, payment: Payment): WalletTransaction['state'] {
  switch (payment.state) {
    case 'open':
      return isExpired(union, payment) ? 'closed' : 'waiting';
    case 'processing':
      return 'waiting';
    case 'failed':
      return 'closed';
    case 'reversed':
      return payment.refunded > 0n ? 'refunded' : 'closed';
    case 'paid':
      if (payment.refunded === 0n) return 'paid';
      return payment.refunded === payment.amount ? 'refunded' : 'partially_refunded';
    default:
      return payment.state satisfies never;
  }
}

function toTransaction(union: UnionPay, payment: Payment): WalletTransaction {
  const { record } = payment;
  const paid = payment.state === 'paid' || payment.state === 'reversed';
  return {
    wallet_reference: payment.order_id,
    wallet_transaction_id: record?.query_id ?? null,
    merchant: payment.mer_id,
    amount: payment.amount,
    refunded: payment.refunded,
    state: stateOf(union, payment),
    wallet_state: payment.resp_code,
    payer: payment.payer,
    created_at: new Date(payment.placed_at).toISOString(),
    paid_at: record && paid ? new Date(record.done_at).toISOString() : null,
  };
}

function transactions(union: UnionPay, options: { after?: string; limit: number }) {
  const rows: WalletTransaction[] = [];
  let started = options.after === undefined;
  for (const payment of union.payments.values()) {
    if (rows.length >= options.limit) break;
    if (started) rows.push(toTransaction(union, current(union, payment)));
    if (payment.order_id === options.after) started = true;
  }
  return rows;
}

function merchantBalances(union: UnionPay): Map<string, bigint> {
  const balances = new Map<string, bigint>();
  for (const { mer_id } of union.merchants.values()) balances.set(mer_id, 0n);
  for (const payment of union.payments.values()) {
    if (payment.state !== 'paid') continue;
    const before = balances.get(payment.mer_id) ?? 0n;
    balances.set(payment.mer_id, before + payment.amount - payment.refunded);
  }
  return balances;
}

function codesOnScreen(union: UnionPay) {
  return [...union.payments.values()]
    .filter((payment) => payment.product === 'code' || payment.product === 'order')
    .filter((payment) => payment.state === 'open' && !isExpired(union, payment))
    .slice(-MAX_ON_SCREEN)
    .reverse()
    .map((payment) => ({
      code: codeUrl(payment),
      payee: payeeOf(union, payment).zh,
      amount: payment.amount,
      description: payment.description,
    }));
}

function merchantAccount({ url, keys }: UnionPay) {
  return {
    settings: { mer_id: MER_ID, gateway: `${url}/gateway/api`, file_gateway: `${url}/` },
    credentials: {
      private_key: keys.merchant.private_key,
      certificate: keys.merchant.certificate,
      root_certificate: keys.root.certificate,
      middle_certificate: keys.middle.certificate,
    },
  };
}

function scriptAccess({ url, options }: UnionPay): Record<string, string> {
  const file = (name: string) => join(options.keys_dir, name);
  return {
    url,
    gateway: `${url}/gateway/api`,
    file_gateway: `${url}/`,
    mer_id: MER_ID,
    private_key_file: file('merchant_private_key.pem'),
    certificate_file: file('merchant_certificate.pem'),
    root_certificate_file: file('root_certificate.pem'),
    middle_certificate_file: file('middle_certificate.pem'),
  };
}

function rootUrl(host: string, port: number): string {
  const name = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** Starts the wallet's own side on its own port; throws when the port is taken. */
export async function startUnionPaySandbox(options: SandboxOptions): Promise<WalletSandbox> {
  const keys = await openKeys(options.keys_dir, MER_ID, options.clock.real());
  const union = openWallet(options, keys);
  const actions = unionPayActions(union);
  const coverage = [...FRONT_ROUTES, ...ROUTES];
  const admin = new Admin({
    wallet: 'union_pay',
    requests: options.requests,
    actions,
    coverage,
    host: options.host,
    token: options.token,
  });
  const { server, port } = await listen(union, admin);
  union.url = rootUrl(options.host, port);
  await options.store.committed();
  const payers = new Payers(union);
  return {
    wallet: 'union_pay',
    url: union.url,
    scan: (person, code) => payers.scan(person, code),
    confirm: (scanId, outcome) => payers.confirm(scanId, outcome),
    payerCode: (person) => payers.payerCode(person),
    prompts: (person) => payers.prompts(person),
    answerPrompt: (id, outcome) => payers.answerPrompt(id, outcome),
    receivable: () => [],
    answerTransfer: () => Promise.reject(new PhoneRefusal('transfer_over')),
    codesOnScreen: () => codesOnScreen(union),
    coverage,
    actions,
    accounts: () => [{ role: 'direct', ...merchantAccount(union), sub_merchants: [] }],
    balance: (person) => balanceOf(union, person),
    setBalance: async (person, amount) => {
      union.balances.put(person, { amount });
      await options.store.committed();
    },
    transactions: (page) => transactions(union, page),
    merchantBalances: () => merchantBalances(union),
    merchantAccount: () => merchantAccount(union),
    scriptAccess: () => scriptAccess(union),
    pendingNotifications: () => union.notifier.pending,
    stop: async () => {
      union.notifier.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
