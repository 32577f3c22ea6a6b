import { businessDate, dayAfter } from '../../../src/clock.ts';
import type { WalletName } from '../../../src/wallets/wallet.ts';
import type { World } from '../world.ts';
import { type Ending, endingOf, type Operation, type Street } from './operation.ts';
import { later } from './orders.ts';
import { payCode } from './paying.ts';

/** Time passes, and every day of it has its bills. */
export const DAYS: readonly Operation[] = [
  { name: 'time passes', weight: 7, run: timePasses },
  { name: 'the next day', weight: 1, run: nextDay },
  { name: 'ask for a bill', weight: 3, run: askForBill },
  { name: 'only the bill tells', weight: 1, run: lostPayment },
];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BILLED = ['wechat_pay', 'alipay', 'union_pay'] as const;
/** After midnight in Shanghai; every wallet has made its bills by then. */
const BILLS_ARE_THERE_MS = 14 * HOUR_MS;

/** Business time moves on by minutes or hours at once. */
async function timePasses({ shop, world }: Street): Promise<Ending> {
  const { random } = shop;
  const minutes = random.chance(0.1) ? 60 + random.below(600) : 1 + random.below(4);
  await later(world, minutes * MINUTE_MS, 'a while');
  return 'done';
}

async function nextDay({ world }: Street): Promise<Ending> {
  await later(world, untilBills(world), 'the next day');
  return 'done';
}

function untilBills({ clock }: World): number {
  const now = clock.now();
  const midnight = Date.parse(`${dayAfter(businessDate(now))}T00:00:00+08:00`);
  return midnight + BILLS_ARE_THERE_MS - now.getTime();
}

async function askForBill({ shop, world }: Street): Promise<Ending> {
  const wallet = shop.random.pick(BILLED);
  const date = dayAfter(businessDate(world.clock.now()), -1 - shop.random.below(2));
  const body = { wallet_account: world.parties.accounts[wallet], date };
  const key = `bill-${shop.number()}`;
  return endingOf(await shop.call('POST', '/v1/bills', { body, key, as: 'operator' }));
}

const LOOKS = 40;
const LOOK_MS = 1_000;

/** Somebody pays, and until its bill comes the wallet can say nothing of it. */
async function lostPayment({ shop, world }: Street): Promise<Ending> {
  const order = shop.orders.findLast(
    ({ codes, paid }) => !paid && BILLED.some((wallet) => wallet === codes.at(-1)?.wallet),
  );
  const shown = order?.codes.at(-1);
  if (!order || !shown) return 'nothing';
  const reconnect = world.network.lose((url, body) => isMute(world, shown.wallet, url, body));
  try {
    const paid = await payCode(shop, order, shown);
    if (paid !== 'done') return paid;
    const date = businessDate(world.clock.now());
    await later(world, untilBills(world) + DAY_MS, 'until the bill tells of it');
    const account = world.parties.accounts[shown.wallet];
    for (let look = 0; look < LOOKS; look += 1) {
      await shop.sleep(LOOK_MS);
      if ((await completedBy(shop, `wallet_account=${account}&date=${date}`)) > 0) return 'done';
    }
    return 'refused';
  } finally {
    reconnect();
  }
}

async function completedBy(shop: Street['shop'], day: string): Promise<number> {
  const answer = await shop.call('GET', `/v1/bills?${day}`, { as: 'operator' });
  const bills = (answer?.json['data'] ?? []) as { report: { completed: number } | null }[];
  return bills[0]?.report?.completed ?? 0;
}

/** Of Alipay and UnionPay; signatures stand beside them, and may have any letters. */
const ASKS_FOR_BILL = /(^|&)(method=alipay\.data\.|txnType=76(&|$))/;

/** All that goes between the hub and this wallet, but bills. */
function isMute(world: World, wallet: WalletName, url: URL, body: string): boolean {
  if (url.pathname.startsWith(`/notify/${wallet}/`)) return true;
  const at = world.wallets.all.find((each) => each.wallet === wallet);
  if (at?.url !== url.origin) return false;
  return !url.pathname.includes('bill') && !ASKS_FOR_BILL.test(body);
}
