import type { App } from '../../app.ts';
import { assert } from '../../errors.ts';
import { DAY_MS, type Hold } from '../../escrow/hold.ts';
import { newId, newWalletReference } from '../../ids.ts';
import { merchantAccount } from '../../ledger/accounts.ts';
import type { NewPosting } from '../../ledger/ledger.ts';
import type { Payment } from '../../payments/payment.ts';
import { findSplitOrders } from '../../profit-sharing/find.ts';
import { splitLimits } from '../../profit-sharing/limits.ts';
import { wholeShares } from '../../profit-sharing/plan.ts';
import { portionsOf } from '../../profit-sharing/portions.ts';
import { accountOfPart } from '../../profit-sharing/postings.ts';
import type { SplitOrder, SplitPart } from '../../profit-sharing/split-order.ts';
import type { SplitLimits } from '../../wallets/products/splits.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { findRefunds } from '../find.ts';
import { isUnfunded, type Refund } from '../refund.ts';

/**
 * What receivers of shares give back for a refund of money that was let go. A receiver that cannot
 * give back at this wallet, or not any more, is asked for nothing: the seller pays that alone.
 */
interface Wanted {
  readonly account: WalletAccount;
  readonly payment: Payment;
  readonly hold: Hold;
  readonly refund: Refund;
  /** What this refund takes of the money that was let go. */
  readonly released: bigint;
}

/** What each receiver gives back, a request for each split; undefined when read at two moments. */
export async function returnsFor(app: App, wanted: Wanted): Promise<SplitOrder[] | undefined> {
  const { account, payment, hold, released } = wanted;
  const limits = splitLimits(app.wallets.connector(account.wallet), account);
  assert(limits, `${account.wallet} held money but says no limits`);
  const orders = await findSplitOrders(app, payment);
  const refunds = await findRefunds(app, payment);
  let taken = released;
  for (const other of refunds) {
    if (other.id === wanted.refund.id || isUnfunded(other)) continue;
    const { origin, state, amount, from_hold } = other;
    if (origin === 'requested' && state !== 'refused') taken += amount - from_hold;
  }
  const kept_in_all = hold.released + hold.shared - taken;
  if (kept_in_all < 0n) return undefined;
  const [, ...kept] = portionsOf(wholeShares(payment), kept_in_all);
  const shares = payment.terms?.shares ?? [];
  return shares.flatMap(({ receiver }, index) => {
    const lots = lotsOf(orders, receiver);
    const had = lots.reduce((sum, lot) => sum + lot.left, 0n);
    const keeps = kept[index] ?? 0n;
    const able = lots.filter((lot) => canGiveBack(limits, lot, app.clock.now()));
    return had > keeps ? take(app, wanted, able, had - keeps) : [];
  });
}

interface Lot {
  readonly order: SplitOrder;
  readonly part: SplitPart;
  left: bigint;
}

function canGiveBack(limits: SplitLimits, { order, part }: Lot, now: Date): boolean {
  const { return_days, returns_from } = limits;
  if (!returns_from.includes(part.kind)) return false;
  const since = order.finished_at ?? order.created_at;
  return return_days === 0 || now.getTime() <= since.getTime() + return_days * DAY_MS;
}

/** What a receiver got by each split and has not given back. */
function lotsOf(orders: readonly SplitOrder[], receiver: string): Lot[] {
  return orders.flatMap((order) =>
    order.kind === 'return' || order.state !== 'finished'
      ? []
      : order.parts
          .filter((part) => part.receiver === receiver && part.state === 'succeeded')
          .map((part) => ({ order, part, left: part.amount - givenBack(orders, order, part) })),
  );
}

function givenBack(orders: readonly SplitOrder[], { id }: SplitOrder, part: SplitPart): bigint {
  return orders
    .filter(({ kind, returns_id, state }) => {
      return kind === 'return' && returns_id === id && state !== 'refused';
    })
    .flatMap(({ parts }) => parts)
    .filter(({ receiver }) => receiver === part.receiver)
    .reduce((sum, { amount }) => sum + amount, 0n);
}

function take(app: App, wanted: Wanted, lots: readonly Lot[], amount: bigint): SplitOrder[] {
  let open = amount;
  const orders: SplitOrder[] = [];
  for (const lot of lots) {
    const now = lot.left < open ? lot.left : open;
    if (now === 0n) continue;
    open -= now;
    orders.push(returnOrder(app, wanted, lot, now));
  }
  return orders;
}

function returnOrder(app: App, { hold, refund }: Wanted, lot: Lot, amount: bigint): SplitOrder {
  const { book } = hold;
  return {
    book,
    id: newId('spl', book),
    version: 1,
    hold_id: hold.id,
    payment_id: hold.payment_id,
    kind: 'return',
    state: 'created',
    why: 'refund',
    split_reference: newWalletReference(book),
    wallet_split_id: null,
    amount,
    merchant_amount: 0n,
    merchant_reservation_id: null,
    parts: [
      {
        ...lot.part,
        amount,
        state: 'pending',
        description: refund.reason,
        reservation_id: newId('pst', book),
      },
    ],
    release_rest: false,
    refund_id: refund.id,
    returns_id: lot.order.id,
    refusal: null,
    created_at: app.clock.now(),
    finished_at: null,
  };
}

export function returnPostings(app: App, hold: Hold, { parts }: SplitOrder): NewPosting[] {
  return parts.map((part) => ({
    kind: 'pending',
    id: part.reservation_id,
    debit: accountOfPart(hold, part),
    credit: merchantAccount(hold.merchant_id),
    amount: part.amount,
    currency: 'CNY',
    reason: 'share_returned',
    subject_id: hold.payment_id,
    business_at: app.clock.now(),
  }));
}
