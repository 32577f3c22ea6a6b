import type { Order, Shop } from './shop.ts';
import type { World } from './world.ts';

/** What happens on the street, in one table: add a row and the simulator does it. */
export interface Street {
  readonly world: World;
  readonly shop: Shop;
}

export interface Operation {
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  /** False when there was nothing to do it to: then it does not count. */
  run(street: Street): Promise<boolean>;
}

export const OPERATIONS: readonly Operation[] = [
  { name: 'order', weight: 10, run: placeOrder },
  { name: 'order again', weight: 3, run: repeatOrder },
  { name: 'same reference', weight: 1, run: takenReference },
  { name: 'other body', weight: 1, run: otherBody },
  { name: 'choose a wallet', weight: 10, run: chooseWallet },
  { name: 'pay', weight: 16, run: pay },
  { name: 'pay any code', weight: 4, run: payAnyCode },
  { name: 'cancel at the wallet', weight: 2, run: cancelAtWallet },
  { name: 'close', weight: 3, run: close },
  { name: 'refund', weight: 12, run: refund },
  { name: 'refund again', weight: 3, run: repeatRefund },
  { name: 'refund too much', weight: 1, run: refundTooMuch },
  { name: 'read', weight: 6, run: read },
  { name: 'time passes', weight: 1, run: timePasses },
];

async function placeOrder(street: Street): Promise<boolean> {
  const { shop, world } = street;
  const { random } = shop;
  const number = shop.number();
  const amount = 1 + random.below(random.chance(0.2) ? 10 : 50_000);
  const brief = random.chance(0.2);
  const expires_at = new Date(world.clock.now().getTime() + 120_000 + random.below(600_000));
  const order: Order = {
    reference: `order-${number}`,
    key: `create-${number}`,
    amount,
    body: {
      merchant: random.pick(world.parties.merchants),
      amount,
      currency: 'CNY',
      description: 'Tea',
      order: { reference: `order-${number}` },
      ...(brief ? { expires_at: expires_at.toISOString() } : {}),
    },
    codes: [],
    refunds: [],
  };
  shop.orders.push(order);
  await create(shop, order);
  if (random.chance(0.8)) await chooseFor(shop, order);
  if (random.chance(0.6)) await payFor(shop, order);
  return true;
}

async function create(shop: Shop, order: Order): Promise<void> {
  const { body, key } = order;
  const answer = await shop.call('POST', '/v1/payments', { body, key });
  if (answer?.status === 201) order.payment = String(answer.json['id']);
}

/** A copy of the call, also while the first is on its way. */
async function repeatOrder({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order) return false;
  await Promise.all([create(shop, order), create(shop, order)]);
  return true;
}

async function takenReference({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order) return false;
  const key = `other-${shop.number()}`;
  const answer = await shop.call('POST', '/v1/payments', { body: order.body, key });
  // Free again when the first payment was closed, or was never made.
  if (answer?.status === 201) order.payment = String(answer.json['id']);
  return true;
}

async function otherBody({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order?.payment) return false;
  const known = shop.answered(order.key);
  const body = { ...order.body, description: 'Coffee' };
  const answer = await shop.call('POST', '/v1/payments', { body, key: order.key });
  if (known && answer?.status === 201) {
    shop.complain(`another body under the key ${order.key} is answered ${answer.text}`);
  }
  return true;
}

async function chooseWallet({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order?.payment) return false;
  await chooseFor(shop, order);
  return true;
}

async function chooseFor(shop: Shop, order: Order): Promise<void> {
  if (!order.payment) return;
  const wallet = shop.anyWallet();
  const key = `attempt-${shop.number()}`;
  const answer = await shop.call('POST', `/v1/payments/${order.payment}/attempts`, {
    body: { wallet, presentation: 'qr' },
    key,
  });
  const shown = answer?.json['presentation'];
  if (typeof shown !== 'object' || shown === null || !('qr' in shown)) return;
  order.codes.push({ wallet, qr: String(shown.qr) });
}

async function pay({ shop }: Street): Promise<boolean> {
  const unpaid = shop.orders.filter(({ codes, paid }) => codes.length > 0 && !paid);
  if (unpaid.length === 0) return false;
  await payFor(shop, shop.random.pick(unpaid.slice(-8)));
  return true;
}

/** The code that is on the screen now. */
async function payFor(shop: Shop, order: Order): Promise<void> {
  const code = order.codes.at(-1);
  if (code && (await shop.payAt(code.wallet, code.qr, 'pay'))) order.paid = true;
}

/** Also an old code, and also when another one was paid. */
async function payAnyCode({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order || order.codes.length === 0) return false;
  const { wallet, qr } = shop.random.pick(order.codes);
  if (await shop.payAt(wallet, qr, 'pay')) order.paid = true;
  return true;
}

async function cancelAtWallet({ shop }: Street): Promise<boolean> {
  const code = shop.anyOrder()?.codes.at(-1);
  if (!code) return false;
  await shop.payAt(code.wallet, code.qr, 'cancel');
  return true;
}

async function close({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order?.payment) return false;
  await shop.call('POST', `/v1/payments/${order.payment}/close`, { key: `close-${shop.number()}` });
  return true;
}

/** One that is likely to be paid; any other is refused. */
function paidOrder(shop: Shop): Order | undefined {
  const paid = shop.orders.filter(({ paid }) => paid);
  return paid.length > 0 && shop.random.chance(0.9) ? shop.random.pick(paid) : shop.anyOrder();
}

async function refund({ shop }: Street): Promise<boolean> {
  const order = paidOrder(shop);
  if (!order?.payment) return false;
  const { random } = shop;
  const number = shop.number();
  const part = random.chance(0.3) ? order.amount : 1 + random.below(order.amount);
  const body = { amount: part, reference: `refund-${number}`, reason: 'unwanted' };
  const asked = { key: `refund-${number}`, body };
  order.refunds.push(asked);
  await shop.call('POST', `/v1/payments/${order.payment}/refunds`, asked);
  return true;
}

async function repeatRefund({ shop }: Street): Promise<boolean> {
  const order = paidOrder(shop);
  if (!order?.payment || order.refunds.length === 0) return false;
  const asked = shop.random.pick(order.refunds);
  const path = `/v1/payments/${order.payment}/refunds`;
  await Promise.all([shop.call('POST', path, asked), shop.call('POST', path, asked)]);
  return true;
}

async function refundTooMuch({ shop }: Street): Promise<boolean> {
  const order = paidOrder(shop);
  if (!order?.payment) return false;
  const number = shop.number();
  const body = { amount: order.amount + 1, reference: `over-${number}`, reason: 'greed' };
  const path = `/v1/payments/${order.payment}/refunds`;
  const answer = await shop.call('POST', path, { key: `over-${number}`, body });
  if (answer?.status === 201) shop.complain(`more than ${order.reference} was worth is refunded`);
  return true;
}

async function read({ shop }: Street): Promise<boolean> {
  const order = shop.anyOrder();
  if (!order?.payment) return false;
  const { payment, seen_state } = order;
  const answer = await shop.call('GET', `/v1/payments/${payment}`);
  if (answer?.status !== 200) return true;
  const state = String(answer.json['state']);
  if (order.payment !== payment) return true;
  const over = seen_state === 'succeeded' || seen_state === 'closed';
  if (over && state !== seen_state) shop.complain(`${payment} was ${seen_state}, then ${state}`);
  order.seen_state = state;
  if (answer.json['amount'] !== order.amount) shop.complain(`${payment}: ${answer.text}`);
  return true;
}

const MINUTE_MS = 60_000;

/** Business time moves on by minutes or hours at once. */
async function timePasses({ shop, world }: Street): Promise<boolean> {
  const { random } = shop;
  const minutes = random.chance(0.15) ? 60 + random.below(600) : 1 + random.below(20);
  const label = `time moves on by ${minutes} minutes`;
  await world.scheduler.pass({ process: world.shop, label }, () =>
    world.advance(minutes * MINUTE_MS),
  );
  return true;
}
