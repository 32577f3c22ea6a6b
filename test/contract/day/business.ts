import { newWalletReference } from '../../../src/ids.ts';
import { seededRandom } from '../../../src/sandbox/faults.ts';
import type { CreateOrder, PaymentFact } from '../../../src/wallets/wallet.ts';
import { presented, sandboxOf } from '../payments.ts';
import { forSeller, type Merchant, merchantAs } from '../roles.ts';
import { act } from '../sellers.ts';
import type { Stage } from '../stage.ts';
import { Journal, type Payment } from './journal.ts';

/** What shops and people do on a day: each act is written into the journal when it is done. */
export interface Desk {
  readonly stage: Stage;
  readonly journal: Journal;
  readonly random: () => number;
  readonly merchants: ReadonlyMap<string, Merchant>;
  /** Orders whose money is held, to be shared out later. */
  readonly held: Payment[];
  /** One after another: a payer code and a coupon belong to one person each. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

const BUYER = 'lin-xia';
/** Shows payer codes and receives payouts. */
export const SCANNED = 'chen-yu';
const WITH_COUPONS = 'wang-min';
const RICH = 100_000_000_000n;

export async function openDesk(stage: Stage, seed: number): Promise<Desk> {
  const { side } = sandboxOf(stage);
  for (const person of [BUYER, SCANNED, WITH_COUPONS]) await side.setBalance(person, RICH);
  // A third party's account is for the money of another merchant, who is here already.
  const roles = side.accounts().flatMap(({ role }) => (role === 'isv' ? [] : [role]));
  const merchants = new Map(roles.map((role) => [role, merchantAs(stage, role)] as const));
  let last: Promise<unknown> = Promise.resolve();
  return {
    stage,
    journal: new Journal(),
    random: seededRandom(seed),
    merchants,
    held: [],
    alone(work) {
      const next = last.then(work);
      last = next.catch(() => {});
      return next;
    },
  };
}

export function merchantOf({ merchants }: Desk, role: string): Merchant {
  const found = merchants.get(role);
  if (!found) throw new Error(`no merchant ${role}`);
  return found;
}

/** From 10.00 to 999.99 yuan. */
export function price({ random }: Desk): bigint {
  return 1_000n + BigInt(Math.floor(random() * 98_999));
}

function pick({ random }: Desk, sellers: readonly string[]): number {
  return Math.floor(random() * sellers.length);
}

interface Sold {
  readonly role: string;
  readonly order: Pick<CreateOrder, 'wallet_reference' | 'amount' | 'sub_merchant'>;
  readonly fact: PaymentFact;
}

function note({ journal, stage }: Desk, { role, order, fact }: Sold, merchant: Merchant): Payment {
  const { coupons, paid_at, wallet_transaction_id } = fact;
  if (fact.state !== 'paid' || !paid_at || wallet_transaction_id === undefined) {
    throw new Error(`${order.wallet_reference} is ${fact.state}`);
  }
  const { wallet_funded = 0n, merchant_funded = 0n, other_funded = 0n } = coupons ?? {};
  const payment: Payment = {
    kind: 'payment',
    role,
    holder: order.sub_merchant ?? stage.wallet.merchantNumber(merchant.account),
    wallet_reference: order.wallet_reference,
    wallet_transaction_id,
    ...(order.sub_merchant === undefined ? {} : { sub_merchant: order.sub_merchant }),
    amount: order.amount,
    coupons: wallet_funded + merchant_funded + other_funded,
    own_coupons: merchant_funded,
    at: paid_at,
  };
  journal.add(payment);
  return payment;
}

/** An order paid by its code; held when `more` says so. */
export async function sell(
  desk: Desk,
  role: string,
  more: Partial<CreateOrder> = {},
  person = BUYER,
): Promise<Payment> {
  const { stage } = desk;
  const merchant = merchantOf(desk, role);
  const seller = forSeller(merchant, pick(desk, merchant.sellers));
  const order = stage.order({ amount: price(desk), ...seller, ...more });
  await sandboxOf(stage).pay(
    await presented({ ...stage, account: merchant.account }, order),
    person,
  );
  const { wallet_reference, sub_merchant } = order;
  const asked = await stage.wallet.queryPayment(merchant.account, wallet_reference, sub_merchant);
  if (asked.kind !== 'fact') throw new Error(JSON.stringify(asked.trace));
  const payment = note(desk, { role, order, fact: asked.fact }, merchant);
  if (order.hold) desk.held.push(payment);
  return payment;
}

/** The scanner reads the code on the payer’s phone; after some free ones the password is asked. */
export function charge(desk: Desk, role: string): Promise<Payment> {
  const { stage } = desk;
  const merchant = merchantOf(desk, role);
  return desk.alone(async () => {
    const { code } = sandboxOf(stage).side.payerCode(SCANNED);
    const { wallet_reference, notify_url } = stage.order();
    const order = { wallet_reference, amount: price(desk) };
    const asked = await stage.wallet.payerCodes?.charge(merchant.account, {
      ...order,
      currency: 'CNY',
      description: '早餐',
      payer_code: code,
      device: 'POS-1',
      client_ip: '127.0.0.1',
      notify_url,
    });
    if (asked?.kind === 'fact') return note(desk, { role, order, fact: asked.fact }, merchant);
    if (asked?.kind !== 'needs_payer') throw new Error(JSON.stringify(asked));
    const [prompt] = sandboxOf(stage).side.prompts(SCANNED);
    await sandboxOf(stage).side.answerPrompt(prompt?.id ?? '', 'pay');
    const now = await stage.wallet.queryPayment(merchant.account, wallet_reference);
    if (now.kind !== 'fact') throw new Error(JSON.stringify(now));
    return note(desk, { role, order, fact: now.fact }, merchant);
  });
}

/** Who funds the coupon decides what the merchant gets. */
export function sellWithCoupon(desk: Desk, role: string): Promise<Payment> {
  const { side } = sandboxOf(desk.stage);
  const funder = (['wallet', 'merchant', 'other'] as const)[Math.floor(desk.random() * 3)];
  const by = side.wallet === 'alipay' ? { funder } : { funded_by: funder };
  const amount = 1 + Math.floor(desk.random() * 900);
  return desk.alone(async () => {
    await act(side, 'coupons/give', { person: WITH_COUPONS, amount, ...by });
    return sell(desk, role, {}, WITH_COUPONS);
  });
}

/** Two or three orders paid at once; each is a payment of its own in the bill. */
export async function sellTogether(desk: Desk, role: string): Promise<void> {
  const { stage } = desk;
  const merchant = merchantOf(desk, role);
  const count = 2 + Math.floor(desk.random() * 2);
  const parts = Array.from({ length: count }, (_, nth) => ({
    wallet_reference: newWalletReference(0),
    amount: price(desk),
    description: `第${nth + 1}件`,
    ...forSeller(merchant, nth),
  }));
  const { amount: _, ...order } = stage.order();
  const presentation = stage.wallet.name === 'alipay' ? 'h5' : 'qr';
  const whole = { ...order, presentation, parts } as const;
  const made = await stage.wallet.combined?.create(merchant.account, whole);
  if (made?.kind !== 'presented') throw new Error(JSON.stringify(made));
  await sandboxOf(stage).pay(made.presentation, BUYER);
  const asked = await stage.wallet.combined?.query(merchant.account, whole);
  if (asked?.kind !== 'facts') throw new Error(JSON.stringify(asked));
  for (const part of parts) {
    const fact = asked.parts.find((each) => each.wallet_reference === part.wallet_reference);
    if (fact) note(desk, { role, order: part, fact }, merchant);
  }
}
