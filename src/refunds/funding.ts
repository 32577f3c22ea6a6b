import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { changeHold } from '../escrow/changes.ts';
import { findHold } from '../escrow/find.ts';
import { type Hold, leftOf } from '../escrow/hold.ts';
import { newId, newWalletReference } from '../ids.ts';
import { holdAccount, merchantAccount, walletAccount } from '../ledger/accounts.ts';
import type { NewPosting, RowChange } from '../ledger/ledger.ts';
import { feeBetween } from '../merchants/fee-back.ts';
import { boundShortage } from '../merchants/shortage.ts';
import { type MoveParts, NOTHING, step } from '../payments/changes.ts';
import type { Payment } from '../payments/payment.ts';
import { insertSplit } from '../profit-sharing/changes.ts';
import { findSplitOrders } from '../profit-sharing/find.ts';
import { wholeShares } from '../profit-sharing/plan.ts';
import { portionsOf } from '../profit-sharing/portions.ts';
import { accountOfPart } from '../profit-sharing/postings.ts';
import { sumOf } from '../profit-sharing/shares.ts';
import type { SplitOrder, SplitPart } from '../profit-sharing/split-order.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { findRefunds } from './find.ts';
import type { Refund } from './refund.ts';

/**
 * Where the money of a refund comes from when the payment's was held: first from what is still
 * held, then from the merchant, who first gets back from each receiver its portion of what is
 * refunded. Many partial refunds together take from each what one full refund would.
 */
export interface FundedRefund {
  readonly refund: Refund;
  readonly held: Pick<MoveParts, 'rows' | 'postings' | 'events'>;
}

export async function fundRefund(
  app: App,
  account: WalletAccount,
  payment: Payment,
  planned: Refund,
): Promise<FundedRefund> {
  const hold = await findHold(app, payment);
  if (!hold) {
    const rows = await ownMoney(app, account, payment, planned, planned.amount);
    return { refund: planned, held: { ...NOTHING, rows } };
  }
  if (hold.state === 'releasing') {
    throw new Refusal('state_conflict', {
      message: 'money of this payment is being released; ask again when that is done',
    });
  }
  const left = leftOf(hold);
  const from_hold = planned.amount < left ? planned.amount : left;
  const released = planned.amount - from_hold;
  const refund: Refund = {
    ...planned,
    hold_id: hold.id,
    from_hold,
    hold_reservation_id: from_hold > 0n ? newId('pst', payment.book) : null,
    reservation_id: released > 0n ? planned.reservation_id : null,
  };
  const returns = released > 0n ? await returnsFor(app, { payment, hold, refund, released }) : [];
  const own = released - sumOf(returns);
  const rows: RowChange[] = [
    ...(await ownMoney(app, account, payment, planned, own)),
    // Also when nothing is held: whoever decides on this hold at the same time decides again.
    changeHold(hold, { reserved: hold.reserved + from_hold }),
    ...returns.map((order) => insertSplit(order, firstQuery(app, account))),
  ];
  return {
    refund,
    held: {
      rows,
      postings: [
        ...fromHold(account, hold, refund),
        ...returns.flatMap((order) => returnPostings(app, hold, order)),
      ],
      events: returns.map(({ id, kind, amount }) =>
        step(payment, 'split.created', { split: id, kind, amount: amount.toString() }),
      ),
    },
  };
}

/** The seller's own part of it, less the fee that comes back with it and with those under way. */
async function ownMoney(
  app: App,
  account: WalletAccount,
  payment: Payment,
  { part_id, amount }: Refund,
  own: bigint,
): Promise<RowChange[]> {
  const order = payment.parts.find(({ id }) => id === part_id) ?? payment;
  const { refunded, refund_reserved, merchant_id } = order;
  const back = feeBetween(app, account.wallet, order.amount, [refunded, refund_reserved + amount]);
  return boundShortage(app, account, { book: payment.book, merchant_id }, own - back);
}

const FIRST_QUERY_MS = 5_000;

/** A wallet without returns takes shares back with the refund: there is nothing to ask. */
function firstQuery(app: App, { wallet }: WalletAccount): Date | null {
  if (!app.wallets.connector(wallet).splits?.returnSplit) return null;
  return new Date(app.clock.real().getTime() + FIRST_QUERY_MS * app.config.retry_pace);
}

function fromHold(account: WalletAccount, hold: Hold, refund: Refund): NewPosting[] {
  const { hold_reservation_id: id, from_hold: amount, payment_id, created_at } = refund;
  if (id === null) return [];
  return [
    {
      kind: 'pending',
      id,
      debit: holdAccount(hold.subject_id),
      credit: walletAccount(account),
      amount,
      currency: 'CNY',
      reason: 'refund',
      subject_id: payment_id,
      business_at: created_at,
    },
  ];
}

interface Wanted {
  readonly payment: Payment;
  readonly hold: Hold;
  readonly refund: Refund;
  /** What this refund takes of the money that was let go. */
  readonly released: bigint;
}

/** What each receiver gives back, one request for each split that gave it. */
async function returnsFor(app: App, wanted: Wanted): Promise<SplitOrder[]> {
  const { payment, hold, released } = wanted;
  const orders = await findSplitOrders(app, payment);
  const refunds = await findRefunds(app, payment);
  let taken = released;
  for (const { origin, state, amount, from_hold } of refunds) {
    if (origin === 'requested' && state !== 'refused') taken += amount - from_hold;
  }
  const [, ...kept] = portionsOf(wholeShares(payment), hold.released + hold.shared - taken);
  const shares = payment.terms?.shares ?? [];
  return shares.flatMap(({ receiver }, index) => {
    const lots = lotsOf(orders, receiver);
    const had = lots.reduce((sum, lot) => sum + lot.left, 0n);
    const keeps = kept[index] ?? 0n;
    return had > keeps ? take(app, wanted, lots, had - keeps) : [];
  });
}

interface Lot {
  readonly order: SplitOrder;
  readonly part: SplitPart;
  left: bigint;
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

function returnPostings(app: App, hold: Hold, { parts }: SplitOrder): NewPosting[] {
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
