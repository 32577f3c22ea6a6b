import { randomUUID } from 'node:crypto';
import type { MoneyRig } from '../../test/support/money-rig.ts';
import { createAttempt } from '../attempts/create.ts';
import { findAttempts } from '../attempts/find.ts';
import { sql } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { enrolMerchant } from '../merchants/enrol.ts';
import { createPayment } from '../payments/create.ts';
import type { Payment } from '../payments/payment.ts';
import { lastFullDay, type MerchantAt, settleMerchant } from '../settlement/settle.ts';
import type { PaymentTerms } from '../terms/terms.ts';
import { createWalletAccount } from '../wallet-accounts/create.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { CustodyKind, WalletName } from '../wallets/wallet.ts';
import { createPayout } from './create.ts';
import type { Payout } from './payout.ts';
import { changeTerms } from './terms.ts';

/** For tests: sellers of the rig's platform at wallet accounts of any custody, and their sales. */
export interface Seller extends MerchantAt {
  readonly wallet: WalletName;
  readonly wallet_account_id: string;
  readonly sub_merchant: string | undefined;
}

export interface SellerOptions {
  readonly wallet: WalletName;
  /** Which of the sandbox's merchants; its first one when absent. */
  readonly role?: string;
  readonly custody: CustodyKind;
}

export async function openSeller(rig: MoneyRig, options: SellerOptions): Promise<Seller> {
  const { app } = rig;
  const { wallet, role, custody } = options;
  const given = rig.sandboxes[wallet].accounts();
  const found = role === undefined ? given[0] : given.find((each) => each.role === role);
  if (!found) throw new Error(`no ${role} at ${wallet}`);
  const [platform] = await app.db.query<{ id: string; book: number }>(
    sql`select id, book from platforms limit 1`,
  );
  if (!platform) throw new Error('the rig has no platform');
  const { settings, credentials } = found;
  const number = app.wallets.connector(wallet).parseAccount({ settings, credentials });
  const [known] = await app.db.query<{ id: string }>(sql`
    update wallet_accounts set custody = ${custody}
    where wallet = ${wallet} and wallet_merchant = ${app.wallets
      .connector(wallet)
      .merchantNumber({ id: '', wallet, custody, ...number })}
    returning id`);
  const account = { wallet, name: 'held', custody, settings, credentials };
  const wallet_account_id = known?.id ?? (await createWalletAccount(app, app.db, account)).id;
  app.wallets.forget(wallet_account_id);
  const merchant_id = newId('mer');
  await app.db.query(sql`
    insert into merchants (id, platform_id, name) values (${merchant_id}, ${platform.id}, 'Stall')`);
  const sub_merchant = found.sub_merchants[0];
  await enrolMerchant(app.db, { merchant_id, wallet, wallet_account_id, sub_merchant });
  const { book, id: platform_id } = platform;
  return { book, platform_id, merchant_id, wallet, wallet_account_id, sub_merchant };
}

/** An order of this seller, with a code to be paid. */
export async function offer(
  rig: MoneyRig,
  seller: Seller,
  amount: bigint,
  terms: PaymentTerms | null = null,
): Promise<{ readonly payment: Payment; readonly attempt_id: string; readonly qr: string }> {
  const { app } = rig;
  const { wallet } = seller;
  const input = { ...orderOf(seller), amount, terms };
  const key = {
    key_hash: randomUUID(),
    body_digest: '',
    respond: () => ({ status: 201, body: '' }),
  };
  const { payment } = await createPayment(app, input, key);
  const attempt = await createAttempt(app, {
    payment,
    wallet,
    presentation: 'qr',
    client_ip: '127.0.0.1',
  });
  const shown = attempt.presentation_data;
  if (shown?.kind !== 'qr') throw new Error(JSON.stringify(attempt.refusal));
  return { payment, attempt_id: attempt.id, qr: shown.qr };
}

/** An order of this seller, paid on the sandbox phone and booked. */
export async function sale(
  rig: MoneyRig,
  seller: Seller,
  amount: bigint,
  terms: PaymentTerms | null = null,
): Promise<Payment> {
  const { payment, qr } = await offer(rig, seller, amount, terms);
  await rig.payAt(seller.wallet, qr);
  return rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
}

/** One payment for the orders of several sellers. */
export async function combinedOrder(
  rig: MoneyRig,
  sellers: readonly (readonly [Seller, bigint])[],
): Promise<Payment> {
  const [first] = sellers;
  if (!first) throw new Error('a seller is needed');
  const { book, platform_id, merchant_id } = first[0];
  const parts = sellers.map(([seller, amount], index) => ({
    merchant: seller.merchant_id,
    amount,
    description: `Order ${index}`,
    reference: `${index}`,
  }));
  const key = {
    key_hash: randomUUID(),
    body_digest: '',
    respond: () => ({ status: 201, body: '' }),
  };
  const { payment } = await createPayment(
    rig.app,
    {
      ...orderOf({ book, platform_id, merchant_id }),
      amount: sellers.reduce((sum, [, amount]) => sum + amount, 0n),
      parts,
    },
    key,
  );
  return rig.reload(payment);
}

/** A seller of its own with a sale of 90 yuan, two days later settled, of which 50 are paid out. */
export async function soldAndPaidOut(rig: MoneyRig, options: SellerOptions): Promise<Payout> {
  const { app } = rig;
  const seller = await openSeller(rig, options);
  const { merchant_id, wallet_account_id } = seller;
  const payment = await sale(rig, seller, 9_000n);
  await nextDay(rig, 2);
  await settleMerchant(app, seller, lastFullDay(app));
  const to = await payeeOf(rig, options, { seller, payment });
  await changeTerms(app, app.db, merchant_id, {
    wallet_account: wallet_account_id,
    state: 'manual',
    ...to,
  });
  return createPayout(app, { merchant: seller, wallet_account_id, amount: 5_000n });
}

/** WeChat Pay knows people by the number that the payer of an order has. */
async function payeeOf(
  rig: MoneyRig,
  { wallet, custody }: SellerOptions,
  { seller, payment }: { seller: Seller; payment: Payment },
) {
  if (custody !== 'hub_held') return {};
  if (wallet === 'alipay') return { payee: 'lin-xia@sandbox.test', payee_name: '林夏' };
  return { payee: await payerOf(rig, seller, payment) };
}

function orderOf({ book, platform_id, merchant_id }: MerchantAt) {
  return {
    book,
    platform: { id: platform_id, hosts: [] },
    merchant_id,
    description: 'Tea, 250 g',
    order_reference: randomUUID(),
    order_url: null,
    order_items: [],
    return_url: null,
    expires_at: null,
    metadata: {},
  };
}

/** The business clock, so many days later. */
export async function nextDay(rig: MoneyRig, days = 1): Promise<void> {
  await rig.clock.advance(days * 86_400_000);
}

/** What a person who paid is called where they paid: whom a transfer can go to. */
export async function payerOf(rig: MoneyRig, seller: Seller, payment: Payment): Promise<string> {
  const [attempt] = await findAttempts(rig.app, payment);
  const account = await requireAccount(rig.app.wallets, seller.wallet_account_id);
  const connector = rig.app.wallets.connector(seller.wallet);
  const asked = await connector.queryPayment(account, attempt?.wallet_reference ?? '');
  const payer = asked.kind === 'fact' ? asked.fact.payer : undefined;
  if (payer === undefined) throw new Error(JSON.stringify(asked));
  return payer;
}
