import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { openBusinessClock } from '../../src/db/business-clock.ts';
import { openDb, sql } from '../../src/db/pool.ts';
import { listen } from '../../src/http/listen.ts';
import { createHub } from '../../src/hub.ts';
import { mintKey } from '../../src/platforms/keys.ts';
import { PEOPLE } from '../../src/sandbox/phone/people.ts';
import { type Phone, startPhone } from '../../src/sandbox/phone/phone.ts';
import type { WalletSandbox } from '../../src/sandbox/sandbox.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { createApp } from '../../src/wiring.ts';
import { JOB_SPECS, PERIODIC_SPECS } from '../../src/work.ts';
import { type SandboxWallets, startSandboxWallets } from '../../src/world/wallets.ts';
import { createTestDatabase } from '../support/database.ts';
import { atFileEnd } from '../support/file-end.ts';
import { dataFolder } from '../support/sandbox-keys.ts';

/** The whole hub on its port, with the wallets' sandboxes and the phone, as a stranger meets it. */
export interface HubRig {
  readonly app: App;
  readonly url: string;
  readonly wallets: SandboxWallets;
  readonly phone: Phone;
  /** Where each sandbox keeps the keys it signs with. */
  readonly keys_dir: Readonly<Record<WalletName, string>>;
  readonly operator_key: string;
  readonly accounts: Readonly<Record<WalletName, string>>;
  readonly sandbox: (wallet: WalletName) => WalletSandbox;
  readonly call: (method: string, path: string, request?: ApiRequest) => Promise<ApiAnswer>;
  /** Rows of any statement, to count what answers do not show. */
  readonly rows: (text: string, values?: readonly unknown[]) => Promise<Row[]>;
}

type Row = Record<string, unknown>;

export interface ApiRequest {
  readonly key?: string;
  readonly body?: unknown;
  readonly idempotency?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object of the answer; empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export async function startHubRig(env: Record<string, string> = {}): Promise<HubRig> {
  const database = await createTestDatabase();
  const dir = await dataFolder('security');
  const config = loadConfig({
    HUTONG_DATA_DIR: dir,
    // What is refused is logged as a warning by design; only what breaks is worth reading here.
    HUTONG_LOG_LEVEL: 'error',
    HUTONG_RETRY_PACE: '0.05',
    HUTONG_NOTIFY_PACE: '0.00001',
    HUTONG_JOB_POLL_MS: '100',
    HUTONG_JOB_LEASE_MS: '2000',
    HUTONG_WALLET_TIMEOUT_MS: '5000',
    HUTONG_RATE_LIMIT: '1000000',
    ...env,
  });
  const db = openDb({ url: database.url, max_connections: 2 });
  await db.query(sql`insert into installation (mode) values ('sandbox')`);
  const clock = await openBusinessClock(db);
  const wallets = await startSandboxWallets({ config, clock });
  const phone = await startPhone({
    host: '127.0.0.1',
    port: 0,
    sandboxes: wallets.all,
    faults: wallets.faults,
    people: PEOPLE,
    clock,
  });
  const public_url = 'http://127.0.0.1';
  const options = { config, database_url: database.url, name: 'security', public_url, clock };
  const built = await createApp(options);
  const { app } = built;
  const hub = await listen(app, createHub(app), { host: '127.0.0.1', port: 0 });
  // The system chose the port; nothing has been asked of the hub yet.
  Object.assign(app, { public_url: hub.url });
  const { secret } = await mintKey(app, app.db, { role: 'operator' });
  const call = caller(hub.url);
  const accounts = await addAccounts(call, secret, wallets.all);
  app.jobs.start(app, JOB_SPECS, PERIODIC_SPECS);
  atFileEnd(async () => {
    await phone.stop();
    await wallets.stop();
    await hub.stop();
    await built.stop();
    clock.stop();
    await db.end();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    app,
    url: hub.url,
    wallets,
    phone,
    keys_dir: byWallet((wallet) => join(dir, 'keys', wallet)),
    operator_key: secret,
    accounts,
    sandbox: (wallet) => sandboxOf(wallets, wallet),
    call,
    rows: async (text, values = []) => {
      const result = await db.pool.query<Record<string, unknown>>(text, [...values]);
      return result.rows;
    },
  };
}

function sandboxOf(wallets: SandboxWallets, wallet: WalletName): WalletSandbox {
  const found = wallets.all.find((sandbox) => sandbox.wallet === wallet);
  if (!found) throw new Error(`there is no sandbox of ${wallet}`);
  return found;
}

function byWallet<T>(value: (wallet: WalletName) => T): Record<WalletName, T> {
  return Object.fromEntries(WALLETS.map((wallet) => [wallet, value(wallet)])) as Record<
    WalletName,
    T
  >;
}

type Call = HubRig['call'];

function caller(url: string): Call {
  return async (method, path, request = {}) => {
    const { key, body, idempotency, headers = {} } = request;
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(idempotency === undefined ? {} : { 'idempotency-key': idempotency }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: objectIn(text) };
  };
}

/** The JSON object in a text; empty for anything else. */
export function objectIn(text: string): Record<string, unknown> {
  if (!text.startsWith('{')) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function addAccounts(
  call: Call,
  key: string,
  sandboxes: readonly WalletSandbox[],
): Promise<Record<WalletName, string>> {
  const made = new Map<WalletName, string>();
  for (const sandbox of sandboxes) {
    const body = {
      wallet: sandbox.wallet,
      name: 'first',
      custody: 'merchant_own',
      ...sandbox.merchantAccount(),
    };
    const answer = await call('POST', '/v1/wallet_accounts', { key, body });
    if (answer.status !== 201) throw new Error(`no wallet account: ${answer.text}`);
    made.set(sandbox.wallet, String(answer.body['id']));
  }
  return byWallet((wallet) => made.get(wallet) ?? '');
}
