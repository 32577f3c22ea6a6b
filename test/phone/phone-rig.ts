import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import { PEOPLE } from '../../src/sandbox/phone/people.ts';
import { type Phone, startPhone } from '../../src/sandbox/phone/phone.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type { Wallet, WalletName } from '../../src/wallets/wallet.ts';
import { type SandboxWallets, startSandboxWallets } from '../../src/world/wallets.ts';

/** Both wallets' sandboxes and a phone, and a merchant that shows codes; no hub. */
export interface PhoneRig {
  readonly phone: Phone;
  readonly wallets: SandboxWallets;
  /** A code for this many fen at this wallet. */
  code(wallet: WalletName, amount: bigint): Promise<string>;
}

export async function startPhoneRig(
  options: { host?: string; token?: string } = {},
): Promise<PhoneRig> {
  const data_dir = mkdtempSync(join(tmpdir(), 'hutong-phone-'));
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
    ports: { wechat_pay: 0, alipay: 0 },
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
  afterAll(async () => {
    for (const connector of connectors) connector.stop();
    await phone.stop();
    await wallets.stop();
    rmSync(data_dir, { recursive: true, force: true });
  });
  return {
    phone,
    wallets,
    code: (wallet, amount) => showCode(connectors, wallets, { wallet, amount, now: clock.now() }),
  };
}

async function showCode(
  connectors: readonly Wallet[],
  wallets: SandboxWallets,
  order: { wallet: WalletName; amount: bigint; now: Date },
): Promise<string> {
  const connector = connectors.find(({ name }) => name === order.wallet);
  const sandbox = wallets.all.find(({ wallet }) => wallet === order.wallet);
  if (!connector || !sandbox) throw new Error(`no ${order.wallet}`);
  const parsed = connector.parseAccount(sandbox.merchantAccount());
  const account = {
    id: 'wac_1',
    wallet: order.wallet,
    custody: 'merchant_own',
    ...parsed,
  } as const;
  const outcome = await connector.createPayment(account, {
    wallet_reference: newWalletReference(0),
    amount: order.amount,
    currency: 'CNY',
    description: 'Tea, 250 g',
    presentation: 'qr',
    notify_url: 'http://127.0.0.1:9/notify',
    return_url: 'http://127.0.0.1:9/return',
    expires_at: new Date(order.now.getTime() + 3_600_000),
    client_ip: '127.0.0.1',
  });
  if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
    throw new Error(`no code: ${JSON.stringify(outcome)}`);
  }
  return outcome.presentation.qr;
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
