import type { App } from '../../src/app.ts';
import { sql } from '../../src/db/pool.ts';
import { newId } from '../../src/ids.ts';
import { changeTerms } from '../../src/payouts/terms.ts';
import { mintKey } from '../../src/platforms/keys.ts';
import { createReceiver } from '../../src/receivers/create.ts';
import type { Receiver } from '../../src/receivers/receiver.ts';
import type { SandboxAccount } from '../../src/sandbox/sandbox.ts';
import { openidOf } from '../../src/sandbox/wechat-pay/numbers.ts';
import type { CustodyKind, WalletName } from '../../src/wallets/wallet.ts';
import type { SandboxWallets } from '../../src/world/wallets.ts';
import type { Random } from './engine/random.ts';
import { OPENID_SALT } from './keys.ts';

/** A marketplace with two sellers, and receivers of shares: who has what at which wallet. */
export interface Parties {
  readonly platform_id: string;
  readonly merchants: readonly string[];
  readonly accounts: Readonly<Record<WalletName, string>>;
  readonly custody: Readonly<Record<WalletName, CustodyKind>>;
  readonly receivers: readonly string[];
  readonly secret_key: string;
  readonly operator_key: string;
}

interface At {
  readonly app: App;
  readonly wallets: SandboxWallets;
  readonly platform_id: string;
  readonly merchants: readonly string[];
}

/** Who is paid out what: the first seller's money goes to the first of them. */
const PAYEES = [
  { person: 'lin-xia', name: '林夏' },
  { person: 'chen-yu', name: '陈宇' },
] as const;
/** Who can do what a custody needs: transfers of Alipay want certificates. */
const ROLES: Readonly<Partial<Record<CustodyKind, Partial<Record<WalletName, string>>>>> = {
  wallet_held: { wechat_pay: 'platform' },
  hub_held: { alipay: 'certificate' },
};
/** Merchants of the sandboxes, and their registered names there. */
const RECEIVERS = [
  {
    wechat_pay: { role: 'partner', name: '胡同服务商' },
    alipay: { role: 'isv', name: '胡同服务商' },
  },
  {
    wechat_pay: { role: 'certificate', name: '胡同文具' },
    alipay: { role: 'platform', name: '胡同广场' },
  },
] as const;

export async function settleParties(
  app: App,
  wallets: SandboxWallets,
  random: Random,
): Promise<Parties> {
  const platform_id = newId('plt');
  const merchants = [newId('mer'), newId('mer')];
  const owed_limit = random.pick([0n, 0n, 20_000n]);
  await app.db.query(sql`insert into installation (mode) values ('sandbox')`);
  await app.db.query(
    sql`insert into platforms (id, slug, name) values (${platform_id}, 'street', 'Street')`,
  );
  for (const id of merchants) {
    await app.db.query(sql`
      insert into merchants (id, platform_id, name, owed_limit)
      values (${id}, ${platform_id}, 'Shop', ${owed_limit})`);
  }
  const custody = {
    wechat_pay: random.pick(['merchant_own', 'hub_held', 'wallet_held'] as const),
    alipay: random.pick(['merchant_own', 'hub_held'] as const),
    union_pay: 'merchant_own',
    douyin_pay: 'merchant_own',
  } as const;
  const at = { app, wallets, platform_id, merchants };
  const accounts = new Map<WalletName, string>();
  for (const { wallet } of wallets.all) {
    const id = await openAccount(at, wallet, custody[wallet]);
    accounts.set(wallet, id);
    if (custody[wallet] !== 'merchant_own') await agreeOnPayouts(at, { wallet, id }, random);
  }
  const receivers = await Promise.all(RECEIVERS.map((roles) => addReceiver(at, roles)));
  const shop = await mintKey(app, app.db, { role: 'marketplace', platform_id });
  const operator = await mintKey(app, app.db, { role: 'operator' });
  return {
    platform_id,
    merchants,
    accounts: Object.fromEntries(accounts) as Parties['accounts'],
    custody,
    receivers,
    secret_key: shop.secret,
    operator_key: operator.secret,
  };
}

function merchantAt({ wallets }: At, wallet: WalletName, role?: string): SandboxAccount {
  const all = wallets.all.find((each) => each.wallet === wallet)?.accounts() ?? [];
  const found = role === undefined ? all[0] : all.find((each) => each.role === role);
  if (!found) throw new Error(`there is no ${role} at ${wallet}`);
  return found;
}

function numberOf({ app }: At, wallet: WalletName, given: SandboxAccount): string {
  const connector = app.wallets.connector(wallet);
  const parsed = connector.parseAccount(given);
  return connector.merchantNumber({ id: '', wallet, custody: 'merchant_own', ...parsed });
}

async function openAccount(at: At, wallet: WalletName, custody: CustodyKind): Promise<string> {
  const { app, platform_id, merchants } = at;
  const id = newId('wac');
  const given = merchantAt(at, wallet, ROLES[custody]?.[wallet]);
  const { settings, credentials } = app.wallets.connector(wallet).parseAccount(given);
  const secret = app.vault.seal(JSON.stringify(credentials), id);
  await app.db.query(sql`
    insert into wallet_accounts (id, wallet, name, custody, wallet_merchant, settings, credentials)
    values (${id}, ${wallet}, 'street', ${custody}, ${numberOf(at, wallet, given)}, ${settings},
      ${secret})`);
  for (const [index, merchant] of merchants.entries()) {
    const seller = given.sub_merchants[index] ?? null;
    await app.db.query(sql`
      insert into enrolments (id, merchant_id, wallet, wallet_account_id, sub_merchant, state)
      values (${newId('enr')}, ${merchant}, ${wallet}, ${id},
        ${custody === 'wallet_held' ? seller : null}, 'active')`);
  }
  await app.db.query(sql`
    insert into gates (id, platform_id, wallet, state)
    values (${newId('gat')}, ${platform_id}, ${wallet}, 'open')`);
  return id;
}

async function agreeOnPayouts(
  at: At,
  { wallet, id }: { readonly wallet: WalletName; readonly id: string },
  random: Random,
): Promise<void> {
  const { app, merchants } = at;
  const account = await app.wallets.account(id);
  const appid = String(account?.settings['appid']);
  for (const [index, merchant] of merchants.entries()) {
    const { person, name } = PAYEES[index % PAYEES.length] ?? PAYEES[0];
    const payees = {
      alipay: { payee: `${person}@sandbox.test`, payee_name: name },
      wechat_pay: { payee: openidOf({ salt: OPENID_SALT, appid, person }), payee_name: name },
    };
    const payee = wallet === 'alipay' ? payees.alipay : payees.wechat_pay;
    await changeTerms(app, app.db, merchant, {
      wallet_account: id,
      state: random.pick(['automatic', 'manual'] as const),
      minimum: random.pick([10n, 1_000n]),
      hold_days: random.pick([0, 0, 1]),
      ...(account?.custody === 'wallet_held' ? {} : payee),
    });
  }
}

async function addReceiver(at: At, roles: (typeof RECEIVERS)[number]): Promise<string> {
  const entries = (['wechat_pay', 'alipay'] as const).map((wallet) => {
    const { role, name } = roles[wallet];
    return [wallet, { account: numberOf(at, wallet, merchantAt(at, wallet, role)), name }];
  });
  const accounts = Object.fromEntries(entries) as Receiver['accounts'];
  const { platform_id } = at;
  const input = { platform_id, name: 'Services', kind: 'merchant' as const, accounts };
  return (await createReceiver(at.app.db, input)).id;
}
