import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { newWalletReference } from '../../src/ids.ts';
import { PEOPLE } from '../../src/sandbox/phone/people.ts';
import { type Phone, startPhone } from '../../src/sandbox/phone/phone.ts';
import type { WalletSandbox } from '../../src/sandbox/sandbox.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type { ChargeOutcome } from '../../src/wallets/products/payer-codes.ts';
import type { PayoutOutcome } from '../../src/wallets/products/payouts.ts';
import type { Wallet, WalletAccount, WalletName } from '../../src/wallets/wallet.ts';
import { type SandboxWallets, startSandboxWallets } from '../../src/world/wallets.ts';
import { atFileEnd } from '../support/file-end.ts';
import { dataFolder } from '../support/sandbox-keys.ts';

/** Both wallets' sandboxes and a phone, and a merchant that shows codes; no hub. */
export interface PhoneRig {
  readonly phone: Phone;
  readonly wallets: SandboxWallets;
  /** A code for this many fen at this wallet. */
  code(wallet: WalletName, amount: bigint): Promise<string>;
  /** The shop scans a payer code and asks for this many fen. */
  charge(wallet: WalletName, amount: bigint, payer_code: string): Promise<ChargeOutcome>;
  /** The merchant asks a person for a standing consent. */
  askConsent(wallet: WalletName, person: string): Promise<void>;
  /** The merchant sends a person money. */
  payOut(wallet: WalletName, person: string, amount: bigint): Promise<PayoutOutcome>;
}

export async function startPhoneRig(
  options: { host?: string; token?: string } = {},
): Promise<PhoneRig> {
  const data_dir = await dataFolder('phone');
  let offset = 0;
  const clock = {
    now: () => new Date(Date.now() + offset),
    real: () => new Date(),
    get offset_ms() {
      return offset;
    },
    advance(by_ms: number) {
      offset += by_ms;
      return Promise.resolve();
    },
  };
  const wallets = await startSandboxWallets({
    config: { host: '127.0.0.1', data_dir, notify_pace: 0.00001 },
    clock,
  });
  const phone = await startPhone({
    host: options.host ?? '127.0.0.1',
    port: 0,
    sandboxes: wallets.all,
    faults: wallets.faults,
    people: PEOPLE,
    clock,
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const connectors = allConnectors({ real: () => new Date(), timeout_ms: 5_000 });
  atFileEnd(async () => {
    for (const connector of connectors) connector.stop();
    await phone.stop();
    await wallets.stop();
    rmSync(data_dir, { recursive: true, force: true });
  });
  return {
    phone,
    wallets,
    code: (wallet, amount) => showCode(shopAt(wallet), { amount, now: clock.now() }),
    charge: (wallet, amount, payer_code) => charge(shopAt(wallet), { amount, payer_code }),
    askConsent: (wallet, person) => askConsent(shopAt(wallet), person),
    payOut: (wallet, person, amount) => payOut(shopAt(wallet), { person, amount }),
  };

  function shopAt(name: WalletName): Shop {
    const connector = connectors.find((each) => each.name === name);
    const sandbox = wallets.all.find(({ wallet }) => wallet === name);
    if (!connector || !sandbox) throw new Error(`no ${name}`);
    const account = (role: string) => {
      const given = sandbox.accounts().find((each) => each.role === role);
      const parsed = connector.parseAccount(given ?? sandbox.merchantAccount());
      return { id: `wac_${role}`, wallet: name, custody: 'merchant_own', ...parsed } as const;
    };
    return { connector, sandbox, account };
  }
}

interface Shop {
  readonly connector: Wallet;
  readonly sandbox: WalletSandbox;
  /** The account of a role; of the first merchant when there is no such role. */
  account(role: string): WalletAccount;
}

const SHOP = {
  currency: 'CNY',
  description: 'Tea, 250 g',
  notify_url: 'http://127.0.0.1:9/notify',
  client_ip: '127.0.0.1',
} as const;

async function showCode(shop: Shop, order: { amount: bigint; now: Date }): Promise<string> {
  const outcome = await shop.connector.createPayment(shop.account('first'), {
    ...SHOP,
    wallet_reference: newWalletReference(0),
    amount: order.amount,
    presentation: 'qr',
    return_url: 'http://127.0.0.1:9/return',
    expires_at: new Date(order.now.getTime() + 3_600_000),
  });
  if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
    throw new Error(`no code: ${JSON.stringify(outcome)}`);
  }
  return outcome.presentation.qr;
}

function charge(
  { connector, account }: Shop,
  order: { amount: bigint; payer_code: string },
): Promise<ChargeOutcome> {
  if (!connector.payerCodes) throw new Error(`${connector.name} charges no payer codes`);
  return connector.payerCodes.charge(account('first'), {
    ...SHOP,
    ...order,
    wallet_reference: newWalletReference(0),
    device: 'POS-1',
  });
}

/** The payee is known to the merchant from a payment. */
async function payOut(
  shop: Shop,
  { person, amount }: { person: string; amount: bigint },
): Promise<PayoutOutcome> {
  const { connector } = shop;
  if (!connector.payouts) throw new Error(`${connector.name} pays nobody`);
  const payee = await payerOf(shop, person);
  const payout_reference = newWalletReference(0);
  const account = shop.account('first');
  return connector.payouts.pay(account, { ...SHOP, payout_reference, amount, payee });
}

async function askConsent(shop: Shop, person: string): Promise<void> {
  const { consents } = shop.connector.payouts ?? {};
  if (!consents) throw new Error(`${shop.connector.name} has no standing consents`);
  const payee = await payerOf(shop, person);
  const consent_reference = newWalletReference(0);
  const { notify_url } = SHOP;
  const order = { consent_reference, payee, display_name: 'lin_xia', notify_url };
  const asked = await consents.ask(shop.account('first'), order);
  if (asked.kind !== 'fact') throw new Error(JSON.stringify(asked));
}

/** A person's id at the shop's wallet, as a paid order shows it. */
async function payerOf({ connector, sandbox, account: of }: Shop, person: string): Promise<string> {
  const reference = newWalletReference(0);
  const account = of('first');
  const code = await connector.createPayment(account, {
    ...SHOP,
    wallet_reference: reference,
    amount: 1n,
    presentation: 'qr',
    return_url: 'http://127.0.0.1:9/return',
    expires_at: new Date(Date.now() + 3_600_000 * 24 * 10),
  });
  if (code.kind !== 'presented' || code.presentation.kind !== 'qr') throw new Error(code.kind);
  await sandbox.confirm((await sandbox.scan(person, code.presentation.qr)).id, 'pay');
  const asked = await connector.queryPayment(account, reference);
  return asked.kind === 'fact' ? (asked.fact.payer ?? '') : '';
}

export interface PhoneAnswer {
  readonly status: number;
  readonly location: string;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

/** Plain `node:http`, because `fetch` does not let a test choose its Host. */
export function call(
  phone: Phone,
  path: string,
  options: { json?: unknown; form?: Record<string, string>; headers?: Record<string, string> } = {},
): Promise<PhoneAnswer> {
  const { origin } = new URL(phone.url);
  const body =
    options.json !== undefined
      ? JSON.stringify(options.json)
      : options.form && new URLSearchParams(options.form).toString();
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const message = request(`${origin}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'accept-language': 'en', ...length, ...options.headers },
    });
    message.on('error', reject);
    message.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location ?? '',
          text,
          json: () => JSON.parse(text) as Record<string, unknown>,
        });
      });
    });
    message.end(body);
  });
}
