import {
  createClient,
  type Hutong,
  type Merchant,
  type WalletAccount,
} from '../../client/client.ts';
import { readSandboxMerchant } from '../../world/wallets-file.ts';
import type { Stage } from './stage.ts';

/** A seller of the first demo marketplace, behind a platform's account at WeChat Pay (收付通). */
export interface Market {
  readonly stage: Stage;
  readonly operator: Hutong;
  readonly platform: Hutong;
  /** Who gets the marketplace's commission. */
  readonly receiver: string;
  readonly account: WalletAccount;
  readonly seller: Merchant;
  /** The seller's number at the wallet. */
  readonly sub_merchant: string;
}

export const WALLET = 'wechat_pay';
const SELLER = '胡同茶摊 Hutong Tea Stall';

/** What an earlier run has made is taken again. */
export async function openMarket(stage: Stage): Promise<Market> {
  const { file } = stage;
  const [slug = ''] = Object.keys(file.platforms);
  const base_url = file.hub.url;
  const operator = createClient({ base_url, api_key: file.hub.operator_key });
  const platform = createClient({
    base_url,
    api_key: file.platforms[slug]?.secret_key ?? '',
  });
  const given = readSandboxMerchant(stage.data_dir, { wallet: WALLET, role: 'platform' });
  const name = `${WALLET} platform`;
  const { settings, credentials } = given;
  const account =
    (await first(operator.walletAccounts.all({ wallet: WALLET }), (each) => each.name === name)) ??
    (await operator.walletAccounts.create({
      wallet: WALLET,
      name,
      custody: 'wallet_held',
      settings,
      credentials,
    }));
  const at = (merchant: Merchant) =>
    merchant.enrolments.find(({ wallet_account }) => wallet_account === account.id);
  const known = await first(platform.merchants.all(), (each) => at(each) !== undefined);
  const seller = known ?? (await newSeller(platform, account, given.sub_merchants[0]));
  const sub_merchant = at(seller)?.sub_merchant ?? '';
  const receiver = file.receivers[slug]?.id ?? '';
  return { stage, operator, platform, receiver, account, seller, sub_merchant };
}

async function newSeller(
  platform: Hutong,
  account: WalletAccount,
  sub_merchant: string | undefined,
): Promise<Merchant> {
  if (sub_merchant === undefined) throw new Error('the platform has no seller at the wallet');
  const { id } = await platform.merchants.create({ name: SELLER });
  const wallet_account = account.id;
  await platform.merchants.enrol(id, { wallet: WALLET, wallet_account, sub_merchant });
  return platform.merchants.update(id, { payouts: [{ wallet_account, state: 'manual' }] });
}

/** The first that fits, page after page. */
export async function first<T>(
  all: AsyncIterable<T>,
  fits: (each: T) => boolean,
): Promise<T | undefined> {
  for await (const each of all) if (fits(each)) return each;
  return undefined;
}
