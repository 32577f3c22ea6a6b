import { randomUUID } from 'node:crypto';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import type { ApiAnswer, HubRig } from './hub-rig.ts';

/** A platform with one merchant that takes every wallet, and what it does through the API. */
export interface Shop {
  readonly platform: string;
  readonly merchant: string;
  readonly key: string;
}

export interface ShopAttempt {
  readonly id: string;
  readonly wallet: WalletName;
  readonly wallet_reference: string;
  readonly qr: string;
}

const PERSON = 'lin-xia';

/** Everything is made over HTTP by an operator's key, as an operator would. */
export async function openShop(
  rig: HubRig,
  options: { book?: number; accounts?: Readonly<Record<WalletName, string>> } = {},
): Promise<Shop> {
  const { operator_key: key, call } = rig;
  const accounts = options.accounts ?? rig.accounts;
  const slug = `shop_${randomUUID().slice(0, 8)}`;
  const book = options.book ?? 0;
  const platform = idOf(
    await call('POST', '/v1/platforms', { key, body: { slug, name: slug, book } }),
  );
  const merchant = idOf(
    await call('POST', '/v1/merchants', { key, body: { name: 'Tea house', platform } }),
  );
  for (const wallet of WALLETS) {
    const body = { wallet, wallet_account: accounts[wallet] };
    idOf(await call('POST', `/v1/merchants/${merchant}/enrolments`, { key, body }));
  }
  const minted = await call('POST', '/v1/keys', {
    key,
    body: { role: 'marketplace', platform },
  });
  return { platform, merchant, key: member(minted, 'secret') };
}

/** The id of what a call made; fails with the whole answer when it made nothing. */
export function idOf(answer: ApiAnswer): string {
  return member(answer, 'id');
}

export function member(answer: ApiAnswer, name: string): string {
  const value = answer.body[name];
  if (answer.status >= 300 || typeof value !== 'string') {
    throw new Error(`${answer.status} without ${name}: ${answer.text}`);
  }
  return value;
}

export function paymentBody(shop: Shop, over: Record<string, unknown> = {}) {
  return {
    merchant: shop.merchant,
    amount: 6_900,
    currency: 'CNY',
    description: 'Tea, 250 g',
    order: { reference: randomUUID() },
    ...over,
  };
}

export async function newPayment(
  rig: HubRig,
  shop: Shop,
  over: Record<string, unknown> = {},
): Promise<string> {
  const request = { key: shop.key, idempotency: randomUUID(), body: paymentBody(shop, over) };
  return idOf(await rig.call('POST', '/v1/payments', request));
}

export async function newAttempt(
  rig: HubRig,
  shop: Shop,
  { payment, wallet }: { payment: string; wallet: WalletName },
): Promise<ShopAttempt> {
  const answer = await rig.call('POST', `/v1/payments/${payment}/attempts`, {
    key: shop.key,
    idempotency: randomUUID(),
    body: { wallet, presentation: 'qr' },
  });
  const presentation = answer.body['presentation'];
  const qr =
    typeof presentation === 'object' && presentation !== null && 'qr' in presentation
      ? presentation.qr
      : undefined;
  if (typeof qr !== 'string') throw new Error(`no code: ${answer.status} ${answer.text}`);
  const wallet_reference = member(answer, 'wallet_reference');
  return { id: idOf(answer), wallet, wallet_reference, qr };
}

/** The sandbox phone scans the code and pays. */
export async function payOnPhone(
  rig: HubRig,
  { wallet, qr }: Pick<ShopAttempt, 'wallet' | 'qr'>,
): Promise<void> {
  const sandbox = rig.sandbox(wallet);
  const scanned = await sandbox.scan(PERSON, qr);
  await sandbox.confirm(scanned.id, 'pay');
}

export async function readPayment(rig: HubRig, shop: Shop, payment: string) {
  return (await rig.call('GET', `/v1/payments/${payment}`, { key: shop.key })).body;
}

/** A payment that is paid, booked and told. */
export async function paidPayment(
  rig: HubRig,
  shop: Shop,
  {
    wallet,
    amount,
    over = {},
  }: { wallet: WalletName; amount: number; over?: Record<string, unknown> },
): Promise<{ payment: string; attempt: ShopAttempt }> {
  const payment = await newPayment(rig, shop, { amount, ...over });
  const attempt = await newAttempt(rig, shop, { payment, wallet });
  await payOnPhone(rig, attempt);
  await until(
    () => readPayment(rig, shop, payment),
    (seen) => seen['state'] === 'succeeded',
  );
  return { payment, attempt };
}

export interface TimelineEntry {
  readonly kind: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export async function timeline(
  rig: HubRig,
  shop: Shop,
  payment: string,
): Promise<readonly TimelineEntry[]> {
  const answer = await rig.call('GET', `/v1/payments/${payment}/timeline`, { key: shop.key });
  const { data } = answer.body;
  if (!Array.isArray(data)) throw new Error(`no timeline: ${answer.text}`);
  return data.map((entry: TimelineEntry) => entry);
}

const PATIENCE_MS = process.env['HUTONG_TEST_FULL'] === '1' ? 120_000 : 20_000;

/** Waits until `done` holds of what `read` sees; fails with what it saw last. */
export async function until<T>(
  read: () => T | Promise<T>,
  done: (value: T) => boolean,
): Promise<T> {
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
