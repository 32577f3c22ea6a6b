import type { App } from '../app.ts';
import { termsAt } from '../attempts/eligible.ts';
import { type NewPart, partRows, planParts } from '../combined/part.ts';
import { sql, sqlState } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { type Book, newId, sha256 } from '../ids.ts';
import { KeyTaken } from '../ledger/key-taken.ts';
import { MAX_AMOUNT } from '../money.ts';
import { type PaymentTerms, termsRowOf } from '../terms/terms.ts';
import { checkoutToken } from './checkout-token.ts';
import {
  DEFAULT_EXPIRY_MS,
  MAX_EXPIRY_MS,
  MIN_EXPIRY_MS,
  type OrderItem,
  type Payment,
} from './payment.ts';
import { selectLiveOrder } from './queries.ts';

/** What a marketplace asks for; forms are checked at the edge, meaning is checked here. */
export interface PaymentInput {
  readonly book: Book;
  readonly platform: { readonly id: string; readonly hosts: readonly string[] };
  readonly merchant_id: string;
  readonly amount: bigint;
  readonly description: string;
  readonly order_reference: string;
  readonly order_url: string | null;
  readonly order_items: readonly OrderItem[];
  readonly return_url: string | null;
  readonly expires_at: Date | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly terms?: PaymentTerms | null;
  readonly parts?: readonly NewPart[];
}

/** The idempotency row that commits in the same statement as the payment. */
export interface CreateKey {
  readonly key_hash: string;
  readonly body_digest: string;
  /** The answer of the first copy, kept for all the others. */
  respond(payment: Payment): { readonly status: number; readonly body: string };
}

const UNIQUE_VIOLATION = '23505';

/** Writes idempotency row, payment and first step in one statement. */
export async function createPayment(
  app: App,
  input: PaymentInput,
  key: CreateKey,
): Promise<{ payment: Payment; status: number; body: string }> {
  check(app, input);
  for (const merchant_id of merchantsOf(input)) await checkMerchant(app, { ...input, merchant_id });
  const payment = plan(app, input);
  if (payment.terms !== null) await checkTerms(app, payment, key);
  const answer = key.respond(payment);
  try {
    await insertPayment(app, payment, key, answer);
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    // A copy of the request violates both indexes, whichever the database names.
    if (await hasKey(app, input.book, key.key_hash)) throw new KeyTaken();
    throw await orderTaken(app, input);
  }
  return { payment, ...answer };
}

/** Terms that no wallet of the merchant can keep are refused before anybody is asked to pay. */
async function checkTerms(app: App, payment: Payment, key: CreateKey): Promise<void> {
  const wallets = await termsAt(app, payment);
  if (wallets.some(({ reason }) => reason === null)) return;
  if (await hasKey(app, payment.book, key.key_hash)) throw new KeyTaken();
  const why = wallets.map(({ wallet, reason }) => `${wallet} (${reason})`).join(', ');
  throw new Refusal('splits_not_possible', {
    message: `no wallet of this merchant can hold and share this payment: ${why}`,
  });
}

async function orderTaken(app: App, input: PaymentInput): Promise<Refusal> {
  const { book, platform, order_reference } = input;
  const holder = await selectLiveOrder(app.db, book, platform.id, order_reference);
  const named = holder ? `${holder.id} (${holder.state})` : 'another payment';
  return new Refusal('order_reference_taken', {
    param: 'order.reference',
    message: `order ${order_reference} has ${named} already`,
  });
}

function check(app: App, input: PaymentInput): void {
  if (input.amount < 1n || input.amount > MAX_AMOUNT) {
    throw new Refusal('invalid_parameter', {
      param: 'amount',
      message: `amount must be 1 to ${MAX_AMOUNT} fen`,
    });
  }
  if (input.terms && input.parts && input.parts.length > 0) {
    throw new Refusal('invalid_parameter', {
      param: 'parts',
      message: 'parts: a combined order has neither splits nor escrow',
    });
  }
  checkUrl(app, input, 'return_url', input.return_url);
  checkUrl(app, input, 'order.url', input.order_url);
}

function merchantsOf({ merchant_id, parts = [] }: PaymentInput): ReadonlySet<string> {
  return new Set([merchant_id, ...parts.map(({ merchant }) => merchant)]);
}

/** Merchants are never deleted nor moved: what was seen once holds. */
const MAX_SEEN = 100_000;
const seen = new WeakMap<App, Set<string>>();

async function checkMerchant(app: App, { platform, merchant_id }: PaymentInput): Promise<void> {
  const known = seen.get(app) ?? new Set();
  seen.set(app, known);
  const pair = `${platform.id}/${merchant_id}`;
  if (known.has(pair)) return;
  const rows = await app.db.query(sql`
    select 1 from merchants where id = ${merchant_id} and platform_id = ${platform.id}`);
  if (rows.length === 0) {
    throw new Refusal('invalid_parameter', {
      param: 'merchant',
      message: 'merchant: there is no such merchant on this platform',
    });
  }
  if (known.size >= MAX_SEEN) known.clear();
  known.add(pair);
}

/** https on a registered host; in a sandbox also http on loopback. */
function checkUrl(app: App, input: PaymentInput, param: string, text: string | null): void {
  if (text === null) return;
  const url = URL.parse(text);
  const loopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'http:' && loopback && app.config.mode === 'sandbox') return;
  if (url?.protocol === 'https:' && input.platform.hosts.includes(url.hostname)) return;
  throw new Refusal('return_url_not_registered', {
    param,
    message: `${param} must be https on a host registered for this platform`,
  });
}

function plan(app: App, input: PaymentInput): Payment {
  const now = app.clock.now();
  return {
    book: input.book,
    id: newId('pay', input.book),
    version: 1,
    sequence: 0,
    platform_id: input.platform.id,
    merchant_id: input.merchant_id,
    state: 'requires_wallet',
    amount: input.amount,
    currency: 'CNY',
    description: input.description,
    order_reference: input.order_reference,
    order_url: input.order_url,
    order_items: input.order_items,
    return_url: input.return_url,
    metadata: input.metadata,
    parts: planParts(input.book, input.amount, input.parts ?? []),
    terms: input.terms ?? null,
    expires_at: expiry(input, now),
    closing: false,
    close_reason: null,
    succeeded_attempt_id: null,
    wallet: null,
    refund_reserved: 0n,
    refunded: 0n,
    refund_count: 0,
    created_at: now,
    paid_at: null,
    closed_at: null,
  };
}

function expiry(input: PaymentInput, now: Date): Date {
  if (input.expires_at === null) return new Date(now.getTime() + DEFAULT_EXPIRY_MS);
  const left = input.expires_at.getTime() - now.getTime();
  if (left < MIN_EXPIRY_MS || left > MAX_EXPIRY_MS) {
    throw new Refusal('invalid_parameter', {
      param: 'expires_at',
      message: 'expires_at must be between 1 minute and 7 days from now',
    });
  }
  return input.expires_at;
}

async function insertPayment(
  app: App,
  payment: Payment,
  key: CreateKey,
  answer: { status: number; body: string },
): Promise<void> {
  const token_hash = sha256(checkoutToken(app, payment.book, payment.id));
  const items = payment.order_items.map((item) => ({
    ...item,
    unit_amount: Number.parseInt(item.unit_amount.toString(), 10),
  }));
  await app.db.query(sql`
    with key as (
      insert into idempotency_keys
        (book, key_hash, body_digest, state, lease_until, status, response, object_id)
      values (${payment.book}, ${key.key_hash}, ${key.body_digest}, 'done', now(),
        ${answer.status}, ${answer.body}, ${payment.id})
    ), step as (
      insert into events (book, id, type, platform_id, object_id, payment_id, public, data)
      values (${payment.book}, ${newId('evt', payment.book)}, 'payment.created',
        ${payment.platform_id}, ${payment.id}, ${payment.id}, false, '{}')
    ), parts as (
      insert into payment_parts
        (book, id, payment_id, position, merchant_id, amount, description, reference)
      select ${payment.book}, p.id, ${payment.id}, p.position, p.merchant_id, p.amount,
        p.description, p.reference
      from jsonb_to_recordset(${partRows(payment.parts)}::jsonb) as p (id text, position smallint,
        merchant_id text, amount bigint, description text, reference text)
    )
    insert into payments (book, id, platform_id, merchant_id, state, amount, currency, description,
      order_reference, order_url, order_items, return_url, metadata, terms, checkout_token_hash,
      part_count, expires_at, created_at)
    values (${payment.book}, ${payment.id}, ${payment.platform_id}, ${payment.merchant_id},
      ${payment.state}, ${payment.amount}, ${payment.currency}, ${payment.description},
      ${payment.order_reference}, ${payment.order_url}, ${JSON.stringify(items)}::jsonb,
      ${payment.return_url}, ${payment.metadata}, ${termsRowOf(payment.terms)}::jsonb,
      ${token_hash}, ${payment.parts.length}, ${payment.expires_at},
      ${payment.created_at})`);
}

async function hasKey(app: App, book: Book, key_hash: string): Promise<boolean> {
  const rows = await app.db.query(sql`
    select 1 from idempotency_keys where book = ${book} and key_hash = ${key_hash}`);
  return rows.length > 0;
}
