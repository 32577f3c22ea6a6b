import type { WalletName } from '../../../src/wallets/wallet.ts';
import type { Order, Shop } from '../shop.ts';
import type { Ending, Street } from './operation.ts';

/** Wallets that shoppers choose, and the codes that they pay. */
export async function chooseWallet(street: Street): Promise<Ending> {
  const order = street.shop.anyOrder();
  return order?.payment ? chooseFor(street, order) : 'nothing';
}

/** Mostly a wallet that can do it. */
export async function chooseFor({ shop }: Street, order: Order): Promise<Ending> {
  if (!order.payment) return 'nothing';
  const able = order.kind !== 'plain' && shop.random.chance(0.9);
  const wallet = able ? shop.random.pick(['wechat_pay', 'alipay'] as const) : shop.anyWallet();
  return chooseIt(shop, order, wallet);
}

export async function chooseIt(shop: Shop, order: Order, wallet: WalletName): Promise<Ending> {
  const page = wallet === 'alipay' && order.kind === 'parts';
  const answer = await shop.call('POST', `/v1/payments/${order.payment}/attempts`, {
    body: {
      wallet,
      presentation: page ? 'h5' : 'qr',
      ...(page ? { client: { ip: '127.0.0.1' } } : {}),
    },
    key: `attempt-${shop.number()}`,
  });
  const shown = answer?.json['presentation'];
  if (typeof shown !== 'object' || shown === null) return 'refused';
  const code = 'qr' in shown ? shown.qr : 'url' in shown ? shown.url : undefined;
  if (typeof code !== 'string') return 'refused';
  order.codes.push({ wallet, code });
  return 'done';
}

export async function pay({ shop }: Street): Promise<Ending> {
  const unpaid = shop.orders.filter(({ codes, paid }) => codes.length > 0 && !paid);
  if (unpaid.length === 0) return 'nothing';
  return payFor(shop, shop.random.pick(unpaid.slice(-4)));
}

/** The code that is on the screen now. */
export async function payFor(shop: Shop, order: Order): Promise<Ending> {
  const shown = order.codes.at(-1);
  return shown ? payCode(shop, order, shown) : 'nothing';
}

export async function payCode(
  shop: Shop,
  order: Order,
  { wallet, code }: Order['codes'][number],
): Promise<Ending> {
  if (!(await shop.payAt(wallet, code, 'pay'))) return 'refused';
  order.paid = wallet;
  return 'done';
}

/** Also an old code, and also when another one was paid. */
export async function payAnyCode({ shop }: Street): Promise<Ending> {
  const order = shop.anyOrder();
  if (!order || order.codes.length === 0) return 'nothing';
  return payCode(shop, order, shop.random.pick(order.codes));
}

export async function cancelAtWallet({ shop }: Street): Promise<Ending> {
  const shown = shop.anyOrder()?.codes.at(-1);
  if (!shown) return 'nothing';
  return (await shop.payAt(shown.wallet, shown.code, 'cancel')) ? 'done' : 'refused';
}

/** One that is likely to be paid; any other is refused. */
export function paidOrder(shop: Shop, kinds?: readonly Order['kind'][]): Order | undefined {
  const fits = ({ kind }: Order) => kinds === undefined || kinds.includes(kind);
  const paid = shop.orders.filter((order) => order.paid && fits(order));
  if (paid.length > 0 && shop.random.chance(0.9)) {
    return shop.random.pick(shop.random.chance(0.7) ? paid.slice(-10) : paid);
  }
  const drawn = shop.anyOrder();
  return drawn && fits(drawn) ? drawn : undefined;
}
