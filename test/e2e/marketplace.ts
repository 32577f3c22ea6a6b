import { rmSync } from 'node:fs';
import { loadConfig } from '../../src/config.ts';
import { type BusinessClock, openBusinessClock } from '../../src/db/business-clock.ts';
import { openDb, sql } from '../../src/db/pool.ts';
import { listen } from '../../src/http/listen.ts';
import { createHub } from '../../src/hub.ts';
import { createMerchant } from '../../src/merchants/create.ts';
import { enrolMerchant } from '../../src/merchants/enrol.ts';
import { createPlatform } from '../../src/platforms/create.ts';
import { mintKey } from '../../src/platforms/keys.ts';
import { PEOPLE } from '../../src/sandbox/phone/people.ts';
import { type Phone, startPhone } from '../../src/sandbox/phone/phone.ts';
import { ensureWalletAccount } from '../../src/wallet-accounts/ensure.ts';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { createApp } from '../../src/wiring.ts';
import { JOB_SPECS, PERIODIC_SPECS } from '../../src/work.ts';
import { type SandboxWallets, startSandboxWallets } from '../../src/world/wallets.ts';
import { type Shops, startShops } from '../../web/shops/server.ts';
import { SHOP_SLUGS } from '../../web/shops/shops.ts';
import { createTestDatabase } from '../support/database.ts';
import { dataFolder } from '../support/sandbox-keys.ts';

/** Everything a shopper touches: four shops, the hub, every wallet and the phone, on real ports. */
export interface Marketplace {
  readonly hub_url: string;
  readonly shops: Shops;
  readonly phone: Phone;
  readonly wallets: SandboxWallets;
  readonly clock: BusinessClock;
  stop(): Promise<void>;
}

export async function openMarketplace(): Promise<Marketplace> {
  const database = await createTestDatabase();
  const dir = await dataFolder('e2e');
  const db = openDb({ url: database.url, max_connections: 2 });
  await db.query(sql`insert into installation (mode) values ('sandbox')`);
  const clock = await openBusinessClock(db);
  const settings = { host: '127.0.0.1', data_dir: dir, notify_pace: 0.00001 };
  const wallets = await startSandboxWallets({ config: settings, clock });
  const { all: sandboxes, faults } = wallets;
  const host = '127.0.0.1';
  const phone = await startPhone({ host, port: 0, sandboxes, faults, people: PEOPLE, clock });
  const config = loadConfig({
    HUTONG_DATA_DIR: dir,
    HUTONG_LOG_LEVEL: 'error',
    HUTONG_RETRY_PACE: '0.05',
    HUTONG_JOB_POLL_MS: '100',
    HUTONG_PHONE_URL: phone.url,
    HUTONG_RATE_LIMIT: '1000000',
  });
  const options = { config, database_url: database.url, name: 'e2e', clock };
  const built = await createApp({ ...options, public_url: 'http://127.0.0.1' });
  const { app } = built;
  const hub = await listen(app, createHub(app), { host, port: 0 });
  // The system chose the port; nothing has been asked of the hub yet.
  Object.assign(app, { public_url: hub.url });
  app.jobs.start(app, JOB_SPECS, PERIODIC_SPECS);
  for (const sandbox of sandboxes) {
    const { wallet } = sandbox;
    const account = { wallet, name: wallet, custody: 'merchant_own' } as const;
    await ensureWalletAccount(app, { ...account, ...sandbox.merchantAccount() });
  }
  const accounts = await Promise.all(
    SHOP_SLUGS.map(async (slug) => {
      const platform = await createPlatform(app.db, { slug, name: slug });
      const merchant = await createMerchant(app.db, {
        platform_id: platform.id,
        name: `${slug} counter`,
      });
      for (const wallet of WALLETS) {
        await enrolMerchant(app.db, { merchant_id: merchant.id, wallet });
      }
      const holder = { role: 'marketplace', platform_id: platform.id } as const;
      const { secret } = await mintKey(app, app.db, holder);
      return { slug, secret_key: secret, merchant_id: merchant.id };
    }),
  );
  const shops = await startShops({ host, port: 0, hub_url: hub.url, shops: accounts });
  await shops.registered;
  return {
    hub_url: hub.url,
    shops,
    phone,
    wallets,
    clock,
    async stop() {
      await shops.stop();
      await hub.stop();
      await built.stop();
      await phone.stop();
      await wallets.stop();
      clock.stop();
      await db.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
