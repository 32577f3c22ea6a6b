import { AlipaySdk } from 'alipay-sdk';
import { type Merchant, openMerchant, openTestSandbox, type TestSandbox } from '../testing.ts';

/** For tests: the wallet's official SDK, unmodified, against the sandbox over a socket. */
export type Answer = Readonly<Record<string, unknown>>;
export type Role = 'key' | 'certificate' | 'platform' | 'isv';

export interface Desk {
  readonly world: TestSandbox;
  readonly merchant: Merchant;
  /** One call; throws when the answer's signature is wrong. */
  call(method: string, biz: Answer, role?: Role): Promise<Answer>;
  sdk(role?: Role): AlipaySdk;
  sellerId(role?: Role): string;
  /** Sellers under the platform. */
  sellers(): readonly string[];
  /** Runs an action of the sandbox. */
  act(name: string, input: object): Promise<Answer>;
  /** A fresh order number. */
  number(): string;
  /** Pays a code or link with the phone. */
  pay(code: string, person?: string): Promise<void>;
  /** A paid trade of one product; answers its trade number. */
  paid(order: Paid): Promise<{ trade_no: string; out_trade_no: string }>;
  /** The first notification with these fields, once the SDK has found it genuine. */
  hears(fields: Readonly<Record<string, string>>, role?: Role): Promise<URLSearchParams>;
  balance(role?: Role): bigint;
  stop(): Promise<void>;
}

export interface Paid {
  readonly amount: string;
  readonly product?: 'precreate' | 'page';
  readonly role?: Role;
  readonly person?: string;
  readonly more?: Answer;
}

let serial = 0;

function sdkOf(world: TestSandbox, role: Role): AlipaySdk {
  const account = world.sandbox.accounts().find((known) => known.role === role);
  if (!account) throw new Error(`no account ${role}`);
  const { settings, credentials } = account;
  const certificates = {
    appCertContent: credentials['app_certificate'] ?? '',
    alipayPublicCertContent: credentials['alipay_certificate'] ?? '',
    alipayRootCertContent: credentials['alipay_root_certificate'] ?? '',
  };
  return new AlipaySdk({
    appId: String(settings['app_id']),
    gateway: String(settings['gateway']),
    endpoint: world.sandbox.url,
    privateKey: credentials['private_key'] ?? '',
    camelcase: false,
    ...(credentials['app_certificate'] === undefined
      ? { alipayPublicKey: credentials['alipay_public_key'] ?? '' }
      : certificates),
  });
}

async function act(world: TestSandbox, name: string, input: object): Promise<Answer> {
  const response = await fetch(`${world.sandbox.url}/__sandbox/actions/${name}`, {
    method: 'POST',
    body: JSON.stringify(input),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null) throw new Error('no answer');
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return { ...answer };
}

export async function openDesk(options: Parameters<typeof openTestSandbox>[0] = {}): Promise<Desk> {
  const world = await openTestSandbox(options);
  const merchant = await openMerchant();
  const sdks = new Map<Role, AlipaySdk>();
  const sdk = (role: Role = 'key') => {
    const known = sdks.get(role) ?? sdkOf(world, role);
    sdks.set(role, known);
    return known;
  };
  const number = () => {
    serial += 1;
    return `D${serial}`;
  };
  const accountOf = (role: Role) => world.sandbox.accounts().find((known) => known.role === role);
  const desk: Desk = {
    world,
    merchant,
    sdk,
    number,
    call: (method, biz, role) =>
      sdk(role).exec(method, { notify_url: merchant.url, bizContent: biz }, { validateSign: true }),
    sellerId: (role = 'key') => String(accountOf(role)?.settings['seller_id']),
    sellers: () => accountOf('platform')?.sub_merchants ?? [],
    act: (name, input) => act(world, name, input),
    async pay(code, person = 'lin') {
      const scanned = await world.sandbox.scan(person, code);
      await world.sandbox.confirm(scanned.id, 'pay');
    },
    async paid({ amount, product = 'precreate', role = 'key', person = 'lin', more = {} }) {
      const out_trade_no = String(more['out_trade_no'] ?? number());
      const biz = { out_trade_no, total_amount: amount, subject: 'tea', ...more };
      if (product === 'page') {
        const bizContent = { ...biz, product_code: 'FAST_INSTANT_TRADE_PAY' };
        const params = { notify_url: merchant.url, bizContent };
        await desk.pay(sdk(role).pageExecute('alipay.trade.page.pay', 'GET', params), person);
      } else {
        const { qr_code } = await desk.call('alipay.trade.precreate', biz, role);
        await desk.pay(String(qr_code), person);
      }
      const { trade_no } = await desk.call('alipay.trade.query', { out_trade_no }, role);
      return { trade_no: String(trade_no), out_trade_no };
    },
    async hears(fields, role) {
      for (let count = 1; ; count += 1) {
        const { body } = (await merchant.hears(count))[count - 1] ?? { body: Buffer.alloc(0) };
        const told = new URLSearchParams(body.toString('utf8'));
        if (!Object.entries(fields).every(([name, value]) => told.get(name) === value)) continue;
        if (sdk(role).checkNotifySignV2(Object.fromEntries(told))) return told;
        throw new Error('the SDK does not find the notification genuine');
      }
    },
    balance: (role = 'key') =>
      world.sandbox.merchantBalances().get(String(accountOf(role)?.settings['seller_id'])) ?? 0n,
    async stop() {
      await merchant.stop();
      await world.stop();
    },
  };
  return desk;
}
