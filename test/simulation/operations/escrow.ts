import type { Order, Shop } from '../shop.ts';
import { type Ending, type Operation, perhapsTwice, type Street } from './operation.ts';
import { paidOrder } from './paying.ts';

/** What becomes of held money, beside what time does to it. */
export const ESCROW: readonly Operation[] = [
  { name: 'ship', weight: 4, run: (street) => act(street, 'ship', shipment) },
  { name: 'confirm receipt', weight: 5, run: (street) => act(street, 'confirm_receipt') },
  { name: 'release', weight: 3, run: (street) => act(street, 'release', () => ({})) },
  { name: 'release a part', weight: 6, run: (street) => act(street, 'release', part, atWechat) },
  { name: 'dispute', weight: 4, run: (street) => act(street, 'dispute', complaint) },
  { name: 'resolve a dispute', weight: 5, run: resolve },
];

type Body = (shop: Shop, order: Order) => object;

const shipment: Body = () => ({ shipment: { carrier: 'SF', number: 'SF1234567890' } });
const complaint: Body = () => ({ reason: 'broken on arrival' });
const part: Body = ({ random }, { amount }) => ({
  amount: 1 + random.below(Math.ceil(amount / 2)),
});

async function act(
  { shop }: Street,
  verb: 'ship' | 'confirm_receipt' | 'release' | 'dispute',
  body?: Body,
  fits: (order: Order) => boolean = () => true,
): Promise<Ending> {
  const order = heldOrder(shop, fits);
  if (!order?.payment) return 'nothing';
  const ending = await post(shop, order, verb, body?.(shop, order));
  if (verb === 'dispute' && ending === 'done') order.disputed = true;
  return ending;
}

async function post(shop: Shop, order: Order, verb: string, body?: object): Promise<Ending> {
  const path = `/v1/payments/${order.payment}/${verb}`;
  const key = `${verb}-${shop.number()}`;
  return perhapsTwice(shop, async () => {
    const answer = await shop.call('POST', path, { key, ...(body ? { body } : {}) });
    const state = answer?.json['state'];
    if (state === 'released' || state === 'returned') order.let_go = true;
    return answer;
  });
}

/** The wallet that lets parts go; not of an order that is shared as soon as it may be. */
function atWechat({ paid, body, disputed }: Order): boolean {
  return paid === 'wechat_pay' && body['capture'] === 'escrow' && !disputed;
}

/** Mostly one whose money is still held. */
function heldOrder(shop: Shop, fits: (order: Order) => boolean): Order | undefined {
  const held = shop.orders.filter((order) => {
    const { kind, paid, let_go } = order;
    return kind === 'held' && paid && !let_go && fits(order);
  });
  if (held.length > 0 && shop.random.chance(0.9)) return shop.random.pick(held.slice(-12));
  return paidOrder(shop, ['held']);
}

async function resolve({ shop }: Street): Promise<Ending> {
  const { random } = shop;
  const disputed = shop.orders.filter((order) => order.disputed);
  if (disputed.length === 0) return 'nothing';
  const order = random.pick(disputed);
  const outcome = random.pick(['release', 'return']);
  const amount = random.chance(0.5) ? {} : { amount: 1 + random.below(order.amount) };
  const ending = await post(shop, order, 'dispute/resolve', { outcome, ...amount });
  if (ending === 'done') order.disputed = false;
  return ending;
}
