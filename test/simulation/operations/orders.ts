import type { Order, Shop } from '../shop.ts';
import type { World } from '../world.ts';
import { type Ending, endingOf, type Operation, type Street } from './operation.ts';
import {
  cancelAtWallet,
  chooseFor,
  chooseIt,
  chooseWallet,
  pay,
  payAnyCode,
  payFor,
} from './paying.ts';

/** Orders, their payment at wallets, and their end. */
export const ORDERS: readonly Operation[] = [
  { name: 'order', weight: 10, run: (street) => placeOrder(street, {}) },
  { name: 'order in escrow', weight: 9, run: (street) => placeOrder(street, escrowOf(street)) },
  { name: 'order with shares', weight: 5, run: (street) => placeOrder(street, sharesOf(street)) },
  { name: 'order of several sellers', weight: 6, run: (street) => placeParts(street) },
  { name: 'order again', weight: 3, run: repeatOrder },
  { name: 'same reference', weight: 1, run: takenReference },
  { name: 'other body', weight: 1, run: otherBody },
  { name: 'choose a wallet', weight: 10, run: chooseWallet },
  { name: 'pay', weight: 16, run: pay },
  { name: 'pay any code', weight: 4, run: payAnyCode },
  { name: 'cancel at the wallet', weight: 2, run: cancelAtWallet },
  { name: 'close', weight: 3, run: close },
  { name: 'read', weight: 6, run: read },
];

function amountOf({ random }: Shop): number {
  return 1 + random.below(random.chance(0.2) ? 10 : 50_000);
}

/** Fen; more than any of them may owe. */
const SALE = 50_000;

type Fields = Readonly<Record<string, unknown>>;

function escrowOf({ shop, world }: Street): Fields {
  const { random } = shop;
  return {
    capture: 'escrow',
    release_after_days: random.pick([1, 1, 2, 10]),
    ...(random.chance(0.6) ? sharesOf({ shop, world }) : {}),
  };
}

/** Together below the 30 % that wallets allow. */
function sharesOf({ shop, world }: Street): Fields {
  const { random } = shop;
  const [first, second] = world.parties.receivers;
  const rules = [
    { role: 'platform', percent: random.pick(['2.5', '0.6', '10']) },
    { role: 'platform', percent: '5', min: 1, max: 1 + random.below(2_000) },
    { role: 'service_provider', amount: 1 + random.below(30) },
  ];
  return {
    splits: [
      { receiver: first, ...random.pick(rules) },
      ...(random.chance(0.4)
        ? [{ receiver: second, role: 'referrer', percent: '7.125', of: 'rest' }]
        : []),
    ],
    ...(random.chance(0.3) ? { split_remainder: 'first_receiver' } : {}),
  };
}

async function placeOrder(street: Street, terms: Fields): Promise<Ending> {
  const { shop, world } = street;
  const { random } = shop;
  const merchant = random.pick(world.parties.merchants);
  const plain = Object.keys(terms).length === 0;
  const amount = plain ? amountOf(shop) : 100 + random.below(50_000);
  return place(street, plain ? 'plain' : 'held', { merchant, amount, ...terms });
}

/** Every merchant sells something by every wallet: what one owes to a wallet is made good so. */
export async function sellSomething(street: Street): Promise<void> {
  const { shop, world } = street;
  for (const merchant of world.parties.merchants) {
    for (const { wallet } of world.wallets.all) {
      const number = shop.number();
      const order = orderOf('plain', number, { merchant, amount: SALE });
      shop.orders.push(order);
      await create(shop, order);
      await chooseIt(shop, order, wallet);
      await payFor(shop, order);
    }
  }
}

async function placeParts(street: Street): Promise<Ending> {
  const { shop, world } = street;
  const { random } = shop;
  const sellers = [...world.parties.merchants, random.pick(world.parties.merchants)];
  const parts = sellers.slice(0, 2 + random.below(2)).map((merchant, index) => ({
    merchant,
    amount: 1 + random.below(20_000),
    description: `Order ${index}`,
    reference: `part-${index}`,
  }));
  const amount = parts.reduce((sum, part) => sum + part.amount, 0);
  return place(street, 'parts', { amount, parts });
}

async function place(
  { shop, world }: Street,
  kind: Order['kind'],
  fields: Fields & { readonly amount: number },
): Promise<Ending> {
  const { random } = shop;
  const number = shop.number();
  const expires_at = new Date(world.clock.now().getTime() + 120_000 + random.below(600_000));
  const order = orderOf(kind, number, {
    ...fields,
    ...(random.chance(0.2) ? { expires_at: expires_at.toISOString() } : {}),
  });
  shop.orders.push(order);
  await create(shop, order);
  if (random.chance(0.9)) await chooseFor({ shop, world }, order);
  if (random.chance(0.8)) await payFor(shop, order);
  return order.payment === undefined ? 'refused' : 'done';
}

function orderOf(
  kind: Order['kind'],
  number: number,
  fields: Fields & { readonly amount: number },
): Order {
  const reference = `order-${number}`;
  return {
    kind,
    reference,
    key: `create-${number}`,
    amount: fields.amount,
    body: { currency: 'CNY', description: 'Tea', order: { reference }, ...fields },
    parts: [],
    codes: [],
    refunds: [],
  };
}

async function create(shop: Shop, order: Order): Promise<Ending> {
  const { body, key } = order;
  const answer = await shop.call('POST', '/v1/payments', { body, key });
  if (answer?.status === 201) {
    order.payment = String(answer.json['id']);
    order.parts = (answer.json['parts'] ?? []) as Order['parts'];
  }
  return endingOf(answer);
}

/** A copy of the call, also while the first is on its way. */
async function repeatOrder({ shop }: Street): Promise<Ending> {
  const order = shop.anyOrder();
  if (!order) return 'nothing';
  const [one, other] = await Promise.all([create(shop, order), create(shop, order)]);
  return one === 'done' ? one : other;
}

async function takenReference({ shop }: Street): Promise<Ending> {
  const order = shop.anyOrder();
  if (!order) return 'nothing';
  // Refused while the first payment is open or paid.
  const again = { ...order, key: `other-${shop.number()}` };
  const ending = await create(shop, again);
  if (ending === 'done') Object.assign(order, { payment: again.payment, parts: again.parts });
  return ending;
}

async function otherBody({ shop }: Street): Promise<Ending> {
  const order = shop.anyOrder();
  if (!order?.payment) return 'nothing';
  const known = shop.answered(order.key);
  const body = { ...order.body, description: 'Coffee' };
  const answer = await shop.call('POST', '/v1/payments', { body, key: order.key });
  if (known && answer?.status === 201) {
    shop.complain(`another body under the key ${order.key} is answered ${answer.text}`);
  }
  return answer?.status === 422 ? 'done' : 'refused';
}

async function close({ shop }: Street): Promise<Ending> {
  const order = shop.anyOrder();
  if (!order?.payment) return 'nothing';
  const key = `close-${shop.number()}`;
  return endingOf(await shop.call('POST', `/v1/payments/${order.payment}/close`, { key }));
}

async function read({ shop }: Street): Promise<Ending> {
  const order = shop.anyOrder();
  if (!order?.payment) return 'nothing';
  const { payment, seen } = order;
  const answer = await shop.call('GET', `/v1/payments/${payment}`);
  if (answer?.status !== 200) return 'refused';
  const state = String(answer.json['state']);
  if (order.payment !== payment) return 'done';
  const before = seen?.payment === payment ? seen.state : undefined;
  const over = before === 'succeeded' || before === 'closed';
  if (over && state !== before) shop.complain(`${payment} was ${before}, then ${state}`);
  order.seen = { payment, state };
  if (answer.json['amount'] !== order.amount) shop.complain(`${payment}: ${answer.text}`);
  return 'done';
}

/** Business time moves on, everybody's. */
export async function later(world: World, by_ms: number, why: string): Promise<void> {
  const label = `time moves on by ${Math.round(by_ms / 60_000)} minutes: ${why}`;
  await world.scheduler.pass({ process: world.shop, label }, () => world.advance(by_ms));
}
