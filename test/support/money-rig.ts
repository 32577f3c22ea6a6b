import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { App } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { type BusinessClock, openBusinessClock } from '../../src/db/business-clock.ts';
import { type Db, openDb, sql } from '../../src/db/pool.ts';
import { type Book, newId } from '../../src/ids.ts';
import { notifyRoutes } from '../../src/notifications/routes.ts';
import { createPayment } from '../../src/payments/create.ts';
import { findPayment } from '../../src/payments/find.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { renderPayment } from '../../src/payments/render.ts';
import type { FaultDial } from '../../src/sandbox/faults.ts';
import type { WalletSandbox } from '../../src/sandbox/sandbox.ts';
import type { PaymentTerms } from '../../src/terms/terms.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import { createApp } from '../../src/wiring.ts';
import { JOB_SPECS, PERIODIC_SPECS } from '../../src/work.ts';
import { startSandboxWallets } from '../../src/world/wallets.ts';
import { differences } from './books.ts';
import { createTestDatabase } from './database.ts';
import { atFileEnd } from './file-end.ts';
import { dataFolder } from './sandbox-keys.ts';

/** A hub without its HTTP API, with every wallet's sandbox, on one test database. */
export interface MoneyRig {
  readonly app: App;
  readonly database_url: string;
  readonly clock: BusinessClock;
  readonly sandboxes: Readonly<Record<WalletName, WalletSandbox>>;
  readonly faults: Readonly<Record<WalletName, FaultDial>>;
  readonly accounts: Readonly<Record<WalletName, string>>;
  readonly platform_id: string;
  readonly merchant_id: string;
  readonly notify_url: (wallet: WalletName) => string;
  create(over?: NewRigPayment): Promise<Payment>;
  reload(payment: Pick<Payment, 'id'>): Promise<Payment>;
  /** The sandbox phone scans what the live attempt shows and confirms. */
  payAt(wallet: WalletName, qr: string, person?: string): Promise<void>;
  /** Waits until `done` holds; fails with what it last saw. */
  until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T>;
  /** Every payment's state equals the wallets' books, and the ledger adds up to them. */
  readonly expectBooksEqual: () => Promise<string[]>;
}

interface NewRigPayment {
  readonly amount?: bigint;
  readonly reference?: string;
  readonly expires_in_ms?: number;
  readonly terms?: PaymentTerms;
}

const PERSON = 'lin-xia';

export interface RigOptions {
  /** Where the platform's payments live; another one puts row-level security around it. */
  readonly book?: Book;
}

export async function startMoneyRig(
  env: Record<string, string> = {},
  { book = 0 }: RigOptions = {},
): Promise<MoneyRig> {
  const database = await createTestDatabase();
  const dir = await dataFolder('rig');
  const config = loadConfig({
    HUTONG_DATA_DIR: dir,
    HUTONG_LOG_LEVEL: 'error',
    HUTONG_RETRY_PACE: '0.05',
    HUTONG_NOTIFY_PACE: '0.00001',
    HUTONG_JOB_POLL_MS: '100',
    HUTONG_JOB_LEASE_MS: '2000',
    HUTONG_WALLET_TIMEOUT_MS: '1500',
    ...env,
  });
  const seedDb = openDb({ url: database.url, max_connections: 2 });
  await seedDb.query(sql`insert into installation (mode) values ('sandbox')`);
  const clock = await openBusinessClock(seedDb);
  const wallets = await startSandboxWallets({ config, clock });
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const public_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const built = await createApp({
    config,
    database_url: database.url,
    name: 'rig',
    public_url,
    clock,
    ...(book === 0 ? {} : { db_settings: { 'hutong.book': String(book) } }),
  });
  const { app } = built;
  const answer = getRequestListener(notifyRoutes(app).fetch);
  server.on('request', (request, response) => void answer(request, response));
  if (book !== 0) await confine(seedDb);
  const seeded = await seed(app, wallets.all, book);
  app.jobs.start(app, JOB_SPECS, PERIODIC_SPECS);
  atFileEnd(async () => {
    await wallets.stop();
    await built.stop();
    clock.stop();
    await closeServer(server);
    await seedDb.end();
    rmSync(dir, { recursive: true, force: true });
  });
  const sandboxes = Object.fromEntries(
    wallets.all.map((s) => [s.wallet, s]),
  ) as MoneyRig['sandboxes'];
  return {
    app,
    database_url: database.url,
    clock,
    sandboxes,
    faults: wallets.faults,
    accounts: seeded.accounts,
    platform_id: seeded.platform_id,
    merchant_id: seeded.merchant_id,
    notify_url: (wallet) => `${public_url}/notify/${wallet}/${seeded.accounts[wallet]}`,
    create: (over = {}) => create(app, seeded, over),
    reload: async ({ id }) => {
      const payment = await findPayment(app, id);
      if (!payment) throw new Error(`payment ${id} is gone`);
      return payment;
    },
    payAt: async (wallet, qr, person = PERSON) => {
      const scanned = await sandboxes[wallet].scan(person, qr);
      await sandboxes[wallet].confirm(scanned.id, 'pay');
    },
    until,
    expectBooksEqual: () => differences(app, wallets.all, seeded),
  };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Every table with a book shows each connection the rows of its own book only, also its owner. */
async function confine(db: Db): Promise<void> {
  const tables = await db.query<{ name: string }>(sql`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      and a.attname = 'book' and c.relname <> 'platforms'`);
  for (const { name } of tables) {
    await db.pool.query(`
      alter table ${name} enable row level security;
      alter table ${name} force row level security;
      create policy one_book on ${name}
        using (book = current_setting('hutong.book')::smallint)
        with check (book = current_setting('hutong.book')::smallint)`);
  }
}

interface Seeded {
  readonly book: Book;
  readonly platform_id: string;
  readonly merchant_id: string;
  readonly accounts: Record<WalletName, string>;
}

async function seed(app: App, sandboxes: readonly WalletSandbox[], book: Book): Promise<Seeded> {
  const platform_id = newId('plt');
  const merchant_id = newId('mer');
  await app.db.query(
    sql`insert into platforms (id, slug, name, book) values (${platform_id}, 'rig', 'Rig', ${book})`,
  );
  await app.db.query(sql`
    insert into merchants (id, platform_id, name) values (${merchant_id}, ${platform_id}, 'Shop')`);
  const accounts: Partial<Record<WalletName, string>> = {};
  for (const sandbox of sandboxes) {
    const id = newId('wac');
    const connector = app.wallets.connector(sandbox.wallet);
    const { settings, credentials } = connector.parseAccount(sandbox.merchantAccount());
    const account = {
      id,
      wallet: sandbox.wallet,
      custody: 'merchant_own' as const,
      settings,
      credentials,
    };
    await app.db.query(sql`
      insert into wallet_accounts (id, wallet, name, custody, wallet_merchant, settings, credentials)
      values (${id}, ${sandbox.wallet}, 'rig', 'merchant_own', ${connector.merchantNumber(account)},
        ${settings}, ${app.vault.seal(JSON.stringify(credentials), id)})`);
    await app.db.query(sql`
      insert into enrolments (id, merchant_id, wallet, wallet_account_id, state)
      values (${newId('enr')}, ${merchant_id}, ${sandbox.wallet}, ${id}, 'active')`);
    await app.db.query(sql`
      insert into gates (id, platform_id, wallet, state)
      values (${newId('gat')}, ${platform_id}, ${sandbox.wallet}, 'open')`);
    accounts[sandbox.wallet] = id;
  }
  return { book, platform_id, merchant_id, accounts: accounts as Record<WalletName, string> };
}

async function create(app: App, seeded: Seeded, over: NewRigPayment): Promise<Payment> {
  const input = {
    book: seeded.book,
    platform: { id: seeded.platform_id, hosts: [] },
    merchant_id: seeded.merchant_id,
    amount: over.amount ?? 1234n,
    description: 'Tea, 250 g',
    order_reference: over.reference ?? randomUUID(),
    order_url: null,
    order_items: [],
    return_url: null,
    expires_at: over.expires_in_ms
      ? new Date(app.clock.now().getTime() + over.expires_in_ms)
      : null,
    metadata: {},
    terms: over.terms ?? null,
  };
  const key = {
    key_hash: randomUUID(),
    body_digest: '',
    respond: (payment: Payment) => ({
      status: 201,
      body: JSON.stringify(renderPayment(app, payment)),
    }),
  };
  const { payment } = await createPayment(app, input, key);
  return payment;
}

const PATIENCE_MS = process.env['HUTONG_TEST_FULL'] === '1' ? 120_000 : 20_000;

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    if (Date.now() > end) {
      const seen = JSON.stringify(value, (_k, v: unknown) => (typeof v === 'bigint' ? `${v}` : v));
      throw new Error(`waited in vain; last seen: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
