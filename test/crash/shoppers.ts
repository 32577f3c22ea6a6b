import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ConflictError, type Hutong } from '../../src/client/client.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';

/**
 * Shops and shoppers that do what they should while processes die around them: every intent keeps
 * its idempotency key over its tries, a code that is no longer good is replaced, and some shoppers
 * change their wallet and then pay the old code as well, and some want a part of their money back.
 */
export interface Street {
  readonly client: Hutong;
  readonly merchant: string;
  readonly phone_url: string;
  readonly random: () => number;
  /** Longest time that a shopper thinks between two steps, milliseconds. */
  readonly think_ms: number;
  /** Called after each of the three steps of an order. */
  readonly step: () => void;
}

export const PERSON = 'lin-xia';
const MAX_ROUNDS = 400;
/** Fen; every order costs more. */
const REFUND = 40;
const AGAIN_MS = 200;
const SWITCHING = 0.2;
const RETURNING = 0.3;

/** One order, paid at the end, whatever happens in between; answers the payment's id. */
export async function buy(street: Street, index: number): Promise<string> {
  const reference = `crash-${index}`;
  const order = {
    merchant: street.merchant,
    amount: 100 + index,
    currency: 'CNY',
    description: `Order ${index}`,
    order: { reference },
  } as const;
  const { id } = await street.client.payments.create(order, { idempotency_key: reference });
  street.step();
  await think(street);
  const wallet = WALLETS[index % WALLETS.length] ?? 'alipay';
  const regretted = street.random() < SWITCHING ? await codeOf(street, id, other(wallet)) : null;
  await payWith(street, id, wallet);
  street.step();
  // Refused, or returned by the hub: the order is not paid twice.
  if (regretted !== null) await pay(street, other(wallet), regretted);
  if (street.random() < RETURNING) await giveBack(street, id);
  return id;
}

/** One refund, whatever happens in between: the same reference each time. */
async function giveBack({ client }: Street, id: string): Promise<void> {
  const refund = { amount: REFUND, reference: 'too-small', reason: 'too small' };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    try {
      await client.payments.refund(id, refund);
      return;
    } catch (error) {
      // The hub has not heard yet that it is paid, or a copy of this request is under way.
      if (!(error instanceof ConflictError)) throw error;
    }
    await sleep(AGAIN_MS);
  }
  throw new Error(`${id} cannot be refunded`);
}

function other(wallet: WalletName): WalletName {
  return WALLETS[(WALLETS.indexOf(wallet) + 1) % WALLETS.length] ?? 'alipay';
}

function think({ random, think_ms }: Street): Promise<void> {
  return sleep(random() * think_ms);
}

async function payWith(street: Street, id: string, wallet: WalletName): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const code = await codeOf(street, id, wallet);
    if (code === null) return;
    if (round === 0) street.step();
    await think(street);
    if ((await pay(street, wallet, code)) === 'paid') return;
    await sleep(AGAIN_MS);
  }
  throw new Error(`${id} cannot be paid`);
}

/** The code on the screen; null when the payment is over already. */
async function codeOf(street: Street, id: string, wallet: WalletName): Promise<string | null> {
  const { payments } = street.client;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const idempotency_key = `${id}-${wallet}-${street.random()}`;
    try {
      const input = { wallet, presentation: 'qr' } as const;
      const attempt = await payments.createAttempt(id, input, { idempotency_key });
      if (attempt.presentation?.qr !== undefined) return attempt.presentation.qr;
    } catch (error) {
      // Paid meanwhile, or closing the attempt before it: the state says which.
      if (!(error instanceof ConflictError)) throw error;
      if ((await payments.get(id)).state === 'succeeded') return null;
    }
    await sleep(AGAIN_MS);
  }
  throw new Error(`${wallet} shows no code for ${id}`);
}

const scanned = z.object({ id: z.string() });
const refused = z.object({ error: z.object({ code: z.string() }) });

/** Scans and confirms; `other_code` when this code cannot be paid any more. */
async function pay(
  { phone_url }: Street,
  wallet: WalletName,
  code: string,
): Promise<'paid' | 'other_code'> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const scan = await call(phone_url, '/api/scan', { person: PERSON, wallet, code });
    const answer = scan.ok
      ? await call(phone_url, '/api/confirm', {
          scan: scanned.parse(scan.body).id,
          outcome: 'pay',
        })
      : scan;
    if (answer.ok) return 'paid';
    const { error } = refused.parse(answer.body);
    if (error.code === 'order_paid') return 'paid';
    if (['order_closed', 'code_expired', 'unknown_code'].includes(error.code)) return 'other_code';
    // The wallet's journal is away, or the scan is: once more.
    await sleep(AGAIN_MS);
  }
  throw new Error(`the phone cannot pay ${code}`);
}

async function call(phone_url: string, path: string, body: object) {
  const answer = await fetch(new URL(path, phone_url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { ok: answer.ok, body: (await answer.json()) as unknown };
}
