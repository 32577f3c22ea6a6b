import type { Order, Shop } from '../shop.ts';
import { type Ending, endingOf, type Operation, type Street } from './operation.ts';
import { paidOrder } from './paying.ts';

/** Refunds of any order: plain, held, shared, or of one part. */
export const REFUNDS: readonly Operation[] = [
  { name: 'refund', weight: 8, run: (street) => refund(street, ['plain']) },
  { name: 'refund of held or shared money', weight: 7, run: (street) => refund(street, ['held']) },
  { name: 'refund of a part', weight: 5, run: (street) => refund(street, ['parts']) },
  { name: 'refund again', weight: 3, run: repeatRefund },
  { name: 'refund too much', weight: 1, run: refundTooMuch },
];

async function refund({ shop }: Street, kinds: readonly Order['kind'][]): Promise<Ending> {
  const order = paidOrder(shop, kinds);
  if (!order?.payment) return 'nothing';
  const { random } = shop;
  const part = order.parts.length > 0 ? random.pick(order.parts) : undefined;
  const most = part?.amount ?? order.amount;
  const amount = random.chance(0.3) ? most : 1 + random.below(most);
  const number = shop.number();
  const of = part ? { part: part.id } : {};
  const body = { amount, ...of, reference: `refund-${number}`, reason: 'unwanted' };
  const asked = { payment: order.payment, key: `refund-${number}`, body };
  order.refunds.push(asked);
  return ask(shop, asked);
}

async function ask(shop: Shop, asked: Order['refunds'][number]): Promise<Ending> {
  const { payment, key, body } = asked;
  const answer = await shop.call('POST', `/v1/payments/${payment}/refunds`, { key, body });
  return endingOf(answer);
}

async function repeatRefund({ shop }: Street): Promise<Ending> {
  const order = paidOrder(shop);
  if (!order || order.refunds.length === 0) return 'nothing';
  const asked = shop.random.pick(order.refunds);
  const [one, other] = await Promise.all([ask(shop, asked), ask(shop, asked)]);
  return one === 'done' ? one : other;
}

/** Done when it is refused. */
async function refundTooMuch({ shop }: Street): Promise<Ending> {
  const order = paidOrder(shop);
  if (!order?.payment) return 'nothing';
  const [part] = order.parts;
  const number = shop.number();
  const amount = (part?.amount ?? order.amount) + 1;
  const of = part ? { part: part.id } : {};
  const body = { amount, ...of, reference: `over-${number}`, reason: 'greed' };
  const asked = { payment: order.payment, key: `over-${number}`, body };
  if ((await ask(shop, asked)) === 'refused') return 'done';
  shop.complain(`more than ${order.reference} was worth is refunded`);
  return 'refused';
}
