import { sql } from '../../src/db/pool.ts';
import { newId } from '../../src/ids.ts';
import { merchantAccount, walletAccount, walletFees } from '../../src/ledger/accounts.ts';
import type { AccountSpec, NewPosting } from '../../src/ledger/ledger.ts';
import { NOTHING } from '../../src/payments/changes.ts';
import { mintKey } from '../../src/platforms/keys.ts';
import type { MerchantAt } from '../../src/settlement/settle.ts';
import type { CustodyKind } from '../../src/wallets/wallet.ts';
import { startTestHub, type TestHub } from './hub.ts';

/** For tests: a hub with one platform, wallet accounts without a wallet, postings by hand. */
export interface Stalls {
  readonly hub: TestHub;
  readonly platform_id: string;
  /** The platform's. */
  readonly key: string;
  /** A wallet account for each custody asked for. */
  readonly accounts: readonly string[];
}

export async function openStalls(custodies: readonly CustodyKind[]): Promise<Stalls> {
  const hub = await startTestHub();
  const { app } = hub;
  const platform_id = newId('plt');
  await app.db.query(sql`
    insert into platforms (id, slug, name) values (${platform_id}, 'stalls', 'Stalls')`);
  const accounts: string[] = [];
  for (const custody of custodies) accounts.push(await openAccount({ hub }, custody));
  const key = (await mintKey(app, app.db, { role: 'marketplace', platform_id })).secret;
  return { hub, platform_id, key, accounts };
}

export async function openAccount(
  { hub: { app } }: Pick<Stalls, 'hub'>,
  custody: CustodyKind,
): Promise<string> {
  const id = newId('wac');
  await app.db.query(sql`
    insert into wallet_accounts (id, wallet, name, custody, wallet_merchant, settings, credentials)
    values (${id}, 'alipay', 'test', ${custody}, ${id}, '{}', ${app.vault.seal('{}', id)})`);
  return id;
}

export async function openMerchant({ hub, platform_id }: Stalls): Promise<MerchantAt> {
  const merchant_id = newId('mer');
  await hub.app.db.query(sql`
    insert into merchants (id, platform_id, name) values (${merchant_id}, ${platform_id}, 'Stall')`);
  return { book: 0, platform_id, merchant_id };
}

export interface Booking {
  readonly what: 'payment' | 'refund' | 'fee' | 'fee_back' | 'adjustment';
  readonly amount: bigint;
  readonly wallet_account_id: string;
  readonly at: Date;
}

function sidesOf({ what, wallet_account_id: id }: Booking, merchant: AccountSpec) {
  const held = { id, custody: 'hub_held' } as const;
  if (what === 'payment') return { debit: walletAccount(held), credit: merchant };
  if (what === 'refund') return { debit: merchant, credit: walletAccount(held) };
  if (what === 'fee_back') return { debit: walletFees(held), credit: merchant };
  return { debit: merchant, credit: walletFees(held) };
}

/** One posting of a merchant, as a wallet's fact. */
export async function book(stalls: Stalls, merchant: MerchantAt, one: Booking): Promise<void> {
  const posting: NewPosting = {
    kind: 'posted',
    id: newId('pst'),
    ...sidesOf(one, merchantAccount(merchant.merchant_id)),
    amount: one.amount,
    currency: 'CNY',
    reason: one.what,
    business_at: one.at,
    fact: true,
  };
  await stalls.hub.app.ledger.submit({ book: 0, ...NOTHING, postings: [posting] });
}
