import type { App } from '../app.ts';
import type { Config } from '../config.ts';
import { createMerchant } from '../merchants/create.ts';
import { ensureEnrolment } from '../merchants/enrol.ts';
import { findMerchant } from '../merchants/find.ts';
import { createPlatform } from '../platforms/create.ts';
import { findPlatformBySlug, isLiveSecret } from '../platforms/find.ts';
import { mintKey } from '../platforms/keys.ts';
import type { KeyHolder } from '../platforms/platform.ts';
import { createReceiver } from '../receivers/create.ts';
import { findReceivers } from '../receivers/find.ts';
import type { Receiver } from '../receivers/receiver.ts';
import { ensureWalletAccount } from '../wallet-accounts/ensure.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { createApp } from '../wiring.ts';
import { readSandboxFile, type SandboxFile, writeSandboxFile } from './sandbox-file.ts';
import type { World } from './world.ts';

/**
 * What `npm start` leaves for a newcomer: four marketplaces with a shop each, every wallet taken by
 * all of them, and keys in `sandbox.json`. Only what is missing is made.
 */
const PLATFORMS = [
  { slug: 'taobao', name: 'Taobao demo', merchant: '胡同手作 Hutong Crafts' },
  {
    slug: 'taobao_special',
    name: 'Taobao Special Edition demo',
    merchant: '胡同工厂店 Hutong Outlet',
  },
  { slug: 'tmall', name: 'Tmall demo', merchant: '胡同旗舰店 Hutong Flagship' },
  { slug: 'jd', name: 'JD demo', merchant: '胡同数码 Hutong Electronics' },
] as const;

export interface SeedOptions {
  readonly config: Config;
  readonly world: World;
  readonly hub_url: string;
}

export async function seedSandbox(options: SeedOptions): Promise<SandboxFile> {
  const { config, world, hub_url } = options;
  const database_url = world.database_url;
  const built = await createApp({ config, database_url, name: 'seed', public_url: hub_url });
  try {
    const file = await seed(built.app, options, readSandboxFile(config.data_dir));
    writeSandboxFile(config.data_dir, file);
    return file;
  } finally {
    await built.stop();
  }
}

async function seed(
  app: App,
  { world, hub_url }: SeedOptions,
  before: SandboxFile | undefined,
): Promise<SandboxFile> {
  const wallets: SandboxFile['wallets'] = {};
  const own: { wallet: WalletName; wallet_account_id: string }[] = [];
  for (const sandbox of world.wallets.all) {
    const { settings, credentials } = sandbox.merchantAccount();
    const name = `${sandbox.wallet} sandbox`;
    const { wallet } = sandbox;
    const { id } = await ensureWalletAccount(app, {
      wallet,
      name,
      custody: 'merchant_own',
      settings,
      credentials,
    });
    own.push({ wallet, wallet_account_id: id });
    await sandbox.setMessageAddress?.(`${hub_url}/notify/${wallet}/${id}`);
    wallets[wallet] = { ...sandbox.scriptAccess() };
  }
  const platforms: SandboxFile['platforms'] = {};
  const merchants: SandboxFile['merchants'] = {};
  const receivers: SandboxFile['receivers'] = {};
  const accounts = receiverAccounts(app, world);
  for (const { slug, name, merchant } of PLATFORMS) {
    const { id } =
      (await findPlatformBySlug(app.db, slug)) ?? (await createPlatform(app.db, { slug, name }));
    const holder = { role: 'marketplace', platform_id: id } as const;
    const secret_key = await keyFor(app, holder, before?.platforms[slug]?.secret_key);
    platforms[slug] = { id, secret_key };
    merchants[slug] = {
      id: await merchantFor(app, { platform_id: id, name: merchant, own }, before?.merchants[slug]),
      platform: id,
    };
    const known = before?.receivers[slug]?.id;
    receivers[slug] = { id: await receiverFor(app, { id, accounts }, known), platform: id };
  }
  const operator_key = await keyFor(app, { role: 'operator' }, before?.hub.operator_key);
  const phone = { url: world.phone.url };
  return { hub: { url: hub_url, operator_key }, platforms, merchants, receivers, wallets, phone };
}

async function keyFor(app: App, holder: KeyHolder, known: string | undefined): Promise<string> {
  if (known !== undefined && (await isLiveSecret(app.db, known))) return known;
  return (await mintKey(app, app.db, holder)).secret;
}

interface NewShop {
  readonly platform_id: string;
  readonly name: string;
  /** The accounts that came with the sandboxes; there may be others by now. */
  readonly own: readonly { readonly wallet: WalletName; readonly wallet_account_id: string }[];
}

async function merchantFor(
  app: App,
  { platform_id, name, own }: NewShop,
  known: { readonly id: string } | undefined,
): Promise<string> {
  const existing = known === undefined ? undefined : await findMerchant(app.db, known.id);
  const { id } = existing ?? (await createMerchant(app.db, { platform_id, name }));
  for (const account of own) await ensureEnrolment(app.db, { merchant_id: id, ...account });
  return id;
}

/** Merchants of the sandboxes that receive shares of the shops' payments, and their names there. */
const SERVICES = [
  { wallet: 'wechat_pay', role: 'partner', name: '胡同服务商' },
  { wallet: 'alipay', role: 'certificate', name: '胡同书店' },
] as const;

function receiverAccounts(app: App, world: World): Receiver['accounts'] {
  const entries = SERVICES.flatMap(({ wallet, role, name }) => {
    const sandbox = world.wallets.all.find((each) => each.wallet === wallet);
    const given = sandbox?.accounts().find((each) => each.role === role);
    if (!given) return [];
    const connector = app.wallets.connector(wallet);
    const parsed = connector.parseAccount(given);
    const account = connector.merchantNumber({
      id: role,
      wallet,
      custody: 'merchant_own',
      ...parsed,
    });
    return [[wallet, { account, name }]];
  });
  return Object.fromEntries(entries);
}

async function receiverFor(
  app: App,
  platform: { readonly id: string; readonly accounts: Receiver['accounts'] },
  known: string | undefined,
): Promise<string> {
  const existing = known === undefined ? undefined : (await findReceivers(app, [known])).get(known);
  if (existing) return existing.id;
  const { id: platform_id, accounts } = platform;
  const name = '胡同服务 Hutong Services';
  return (await createReceiver(app.db, { platform_id, name, kind: 'merchant', accounts })).id;
}
