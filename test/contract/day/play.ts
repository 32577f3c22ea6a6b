import { type BusinessDate, businessDate } from '../../../src/clock.ts';
import { sandboxOf } from '../payments.ts';
import { SPLITTERS, WITH_COUPONS } from '../roles.ts';
import { charge, type Desk, sell, sellTogether, sellWithCoupon } from './business.ts';
import { giveBack, payOut, takeBack } from './going-back.ts';
import type { Payment } from './journal.ts';
import { introduce, shareHeld } from './shares.ts';

/**
 * A day of mixed business at one wallet, with the evening before and the morning after: orders of
 * every kind of merchant, at every moment where a bill's day ends, and refunds days later.
 */
const DAY_MS = 86_400_000;
/** Days of this week: UnionPay's times have no year, so its connector reads them by real time. */
const [EVE, DAY, MORROW, END] = [-3, -2, -1, 0].map((days) =>
  businessDate(new Date(Date.now() + days * DAY_MS)),
) as [BusinessDate, BusinessDate, BusinessDate, BusinessDate];
/** When all bills of these days are made. */
export const READY = `${END} 10:30:00`;
export const DATES = [EVE, DAY, MORROW] as const;
export const BEFORE = new Date(`${EVE}T21:00:00+08:00`);

const BLOCKS = 8;
const BLOCK_MS = 2.5 * 3_600_000;
const AT_ONCE = 6;

export function at(desk: Pick<Desk, 'stage'>, stamp: string): void {
  const wanted = Date.parse(`${stamp.replace(' ', 'T')}+08:00`);
  const sandbox = sandboxOf(desk.stage);
  sandbox.advance(wanted - sandbox.now().getTime());
}

type Act = (desk: Desk) => Promise<unknown>;

/** What may happen at this wallet, each as often as the others. */
function actsOf({ stage: { wallet }, merchants }: Desk): readonly Act[] {
  const roles = [...merchants.keys()];
  const first = roles[0] ?? '';
  const acts: Act[] = roles.map((role) => (desk) => sell(desk, role));
  for (const role of Object.keys(SPLITTERS[wallet.name] ?? {})) {
    acts.push((desk) => sell(desk, role, { hold: true }));
  }
  if (wallet.payerCodes) acts.push((desk) => charge(desk, first));
  if (WITH_COUPONS.includes(wallet.name)) acts.push((desk) => sellWithCoupon(desk, first));
  if (wallet.combined) {
    const role = wallet.name === 'wechat_pay' ? 'platform' : first;
    acts.push((desk) => sellTogether(desk, role));
  }
  if (wallet.payouts) acts.push((desk) => payOut(desk, 'certificate'));
  return acts;
}

async function many(desk: Desk, count: number, act: Act): Promise<void> {
  const turns = Array.from({ length: count }).keys();
  const worker = async () => {
    for (const _ of turns) await act(desk);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const isWhole = ({ own_coupons }: Payment) => own_coupons > 0n;

/** Some payments of earlier, each once in this call: in part, or wholly. */
async function refundSome(desk: Desk, count: number): Promise<void> {
  const { journal } = desk;
  const back = new Map<string, bigint>();
  const shared = new Set<string>();
  for (const event of journal.events) {
    const { kind, wallet_reference: key, amount } = event;
    if (kind === 'refund') back.set(key, (back.get(key) ?? 0n) + amount);
    if (kind === 'split') shared.add(key);
  }
  for (const { wallet_reference } of desk.held) shared.add(wallet_reference);
  const open = journal.events.filter(
    (event): event is Payment =>
      event.kind === 'payment' &&
      !shared.has(event.wallet_reference) &&
      (back.get(event.wallet_reference) ?? 0n) < event.amount,
  );
  for (let nth = 0; nth < count && open.length > 0; nth += 1) {
    const [payment] = open.splice(Math.floor(desk.random() * open.length), 1);
    if (!payment) return;
    const left = payment.amount - (back.get(payment.wallet_reference) ?? 0n);
    const part = 1n + BigInt(Math.floor(desk.random() * Number(left)));
    const whole = isWhole(payment) || desk.random() < 0.4;
    await giveBack(desk, payment, whole ? left : part);
  }
}

/** One order and one refund on each side of a moment at which a bill may end. */
async function edge(desk: Desk, stamps: readonly string[]): Promise<void> {
  const first = sandboxOf(desk.stage).side.accounts()[0]?.role ?? '';
  for (const stamp of stamps) {
    at(desk, stamp);
    const payment = await sell(desk, first);
    await giveBack(desk, payment, 1n);
  }
}

/** `count` acts on the day itself, and a few before and after. */
export async function playDay(desk: Desk, count: number): Promise<void> {
  const { stage } = desk;
  const acts = actsOf(desk);
  const mixed: Act = (each) => {
    const act = acts[Math.floor(each.random() * acts.length)];
    return act ? act(each) : Promise.resolve();
  };
  const few = Math.max(acts.length, Math.floor(count / 20));
  await introduce(desk, Object.keys(SPLITTERS[stage.wallet.name] ?? {}));
  for (const act of acts) await act(desk);
  await many(desk, few, mixed);
  await edge(desk, [`${EVE} 22:59:59`, `${EVE} 23:00:00`, `${EVE} 23:59:59`, `${DAY} 00:00:00`]);
  const start = Date.parse(`${DAY}T00:10:00+08:00`);
  for (let block = 0; block < BLOCKS; block += 1) {
    const sandbox = sandboxOf(stage);
    sandbox.advance(start + block * BLOCK_MS - sandbox.now().getTime());
    await shareHeld(desk);
    await refundSome(desk, Math.floor(count / BLOCKS / 5));
    if (stage.wallet.payerCodes) {
      const first = sandbox.side.accounts()[0]?.role ?? '';
      await takeBack(desk, await charge(desk, first));
    }
    await many(desk, Math.floor((count * 0.8) / BLOCKS), mixed);
  }
  await edge(desk, [`${DAY} 22:59:59`, `${DAY} 23:00:00`, `${DAY} 23:59:59`, `${MORROW} 00:00:00`]);
  at(desk, `${MORROW} 09:00:00`);
  await shareHeld(desk);
  await refundSome(desk, few);
}
