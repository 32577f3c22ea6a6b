import { businessDate, dayAfter } from '../../../src/clock.ts';
import type { WalletName } from '../../../src/wallets/wallet.ts';
import { Shop, type ShopAnswer } from '../shop.ts';
import { type Ending, endingOf, type Operation, perhapsTwice, type Street } from './operation.ts';

/** Sellers' money: settled days, payouts, statements. */
export const SELLERS: readonly Operation[] = [
  { name: 'settle', weight: 3, run: settle },
  { name: 'pay out', weight: 6, run: payOut },
  { name: 'pay out too much', weight: 1, run: payOutTooMuch },
  { name: 'pay out again', weight: 2, run: repeatPayout },
  { name: 'accept a transfer', weight: 4, run: acceptTransfer },
  { name: 'read a statement', weight: 2, run: readStatement },
];

async function settle({ shop, world }: Street): Promise<Ending> {
  const body = shop.random.chance(0.5)
    ? { merchant: shop.random.pick(world.parties.merchants) }
    : {};
  return perhapsTwice(shop, () => shop.call('POST', '/v1/settlements', { body }));
}

/** Wallets at which money leaves for sellers only when the hub says so. */
function payingWallets({ world }: Street): WalletName[] {
  const { custody, accounts } = world.parties;
  return (Object.keys(accounts) as WalletName[]).filter((at) => custody[at] !== 'merchant_own');
}

/** What is settled at this wallet and not paid out, as the balance says it. */
async function payable(shop: Shop, merchant: string, account: string): Promise<number> {
  const answer = await shop.call('GET', `/v1/merchants/${merchant}/balance`);
  const accounts = (answer?.json['accounts'] ?? []) as {
    wallet_account: string;
    settled: number;
  }[];
  return accounts.find(({ wallet_account }) => wallet_account === account)?.settled ?? 0;
}

async function payOut(street: Street): Promise<Ending> {
  const { shop, world } = street;
  const { random } = shop;
  const wallets = payingWallets(street);
  if (wallets.length === 0) return 'nothing';
  const merchant = random.pick(world.parties.merchants);
  const wallet_account = world.parties.accounts[random.pick(wallets)];
  const most = await payable(shop, merchant, wallet_account);
  if (most <= 0) return 'nothing';
  const amount = random.chance(0.4) ? {} : { amount: 1 + random.below(most) };
  const asked = { key: `payout-${shop.number()}`, body: { merchant, wallet_account, ...amount } };
  shop.payouts.push(asked);
  return perhapsTwice(shop, () => shop.call('POST', '/v1/payouts', asked));
}

/** Done when it is refused. */
async function payOutTooMuch(street: Street): Promise<Ending> {
  const { shop, world } = street;
  const wallets = payingWallets(street);
  if (wallets.length === 0) return 'nothing';
  const merchant = shop.random.pick(world.parties.merchants);
  const wallet_account = world.parties.accounts[shop.random.pick(wallets)];
  const body = { merchant, wallet_account, amount: 1_000_000_000 };
  const answer = await shop.call('POST', '/v1/payouts', { key: `over-${shop.number()}`, body });
  if (endingOf(answer) === 'refused') return 'done';
  shop.complain(`more than there is was paid out: ${answer?.text}`);
  return 'refused';
}

async function repeatPayout({ shop }: Street): Promise<Ending> {
  if (shop.payouts.length === 0) return 'nothing';
  const asked = shop.random.pick(shop.payouts);
  const call = () => shop.call('POST', '/v1/payouts', asked);
  const [one, other] = (await Promise.all([call(), call()])).map(endingOf);
  return one === 'done' || other === 'done' ? 'done' : 'refused';
}

async function acceptTransfer({ shop, world }: Street): Promise<Ending> {
  const waiting = world.wallets.all.flatMap((wallet) =>
    Shop.people.flatMap((person) => wallet.receivable(person).map(({ id }) => ({ wallet, id }))),
  );
  if (waiting.length === 0) return 'nothing';
  const { wallet, id } = shop.random.pick(waiting);
  const outcome = shop.random.chance(0.8) ? 'accept' : 'decline';
  return shop.atPhone(() => wallet.answerTransfer(id, outcome));
}

/** Its lines lead from the opening balance to the closing one. */
async function readStatement({ shop, world }: Street): Promise<Ending> {
  const merchant = shop.random.pick(world.parties.merchants);
  const to = businessDate(world.clock.now());
  const path = `/v1/merchants/${merchant}/statements?from=${dayAfter(to, -2)}&to=${to}&limit=100`;
  const answer = await shop.call('GET', path);
  if (answer?.status === 200) checkStatement(shop, answer);
  return endingOf(answer);
}

function checkStatement(shop: Shop, { json, text }: ShopAnswer): void {
  if (json['has_more'] === true) return;
  const lines = json['data'] as { amount: number }[];
  const sum = lines.reduce((all, { amount }) => all + amount, Number(json['opening_balance']));
  if (sum !== json['closing_balance']) shop.complain(`a statement does not add up: ${text}`);
}
