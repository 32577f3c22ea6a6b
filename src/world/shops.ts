import { type Shops, startShops } from '../../web/shops/server.ts';
import { isShopSlug } from '../../web/shops/shops.ts';
import type { Config } from '../config.ts';
import { openPostgresJournal } from '../sandbox/postgres-journal.ts';
import { SandboxStore } from '../sandbox/store.ts';
import type { SandboxFile } from './sandbox-file.ts';
import type { World } from './world.ts';

/** The demo marketplaces beside the sandboxes; to the hub they are outside shops. */
export async function startDemoShops(options: {
  readonly config: Config;
  readonly world: World;
  readonly file: SandboxFile;
}): Promise<Shops> {
  const { config, world, file } = options;
  const store = await SandboxStore.open(await openPostgresJournal(world.db, 'demo_shops'));
  const shops = Object.entries(file.platforms).flatMap(([slug, { secret_key }]) => {
    const merchant = file.merchants[slug];
    return isShopSlug(slug) && merchant ? [{ slug, secret_key, merchant_id: merchant.id }] : [];
  });
  const { host, shop_port: port } = config;
  return startShops({ host, port, hub_url: file.hub.url, shops, store });
}
