import type { App } from '../app.ts';
import { changeHold, holdEvent, releasedByWallet } from '../escrow/changes.ts';
import { requireHold } from '../escrow/find.ts';
import { automaticRelease, type Hold, isClosed, settledState } from '../escrow/hold.ts';
import { joinParts, type MoveParts, NOTHING } from '../payments/changes.ts';
import { returnParts } from '../profit-sharing/advance.ts';
import { findSplitOrders } from '../profit-sharing/find.ts';
import { pursueSplit } from '../profit-sharing/pursue.ts';
import { isOver, type SplitOrder } from '../profit-sharing/split-order.ts';
import type { RefundOrder } from '../wallets/wallet.ts';
import type { Refund } from './refund.ts';

/** The returns of shares that a refund wants, oldest first. */
async function returnsOf(app: App, refund: Refund): Promise<SplitOrder[]> {
  if (refund.hold_id === null) return [];
  return (await ordersOf(app, refund)).filter(({ refund_id }) => refund_id === refund.id);
}

function ordersOf(app: App, { book, payment_id }: Refund): Promise<SplitOrder[]> {
  return findSplitOrders(app, { book, id: payment_id });
}

/** What must be told to, or asked of, the wallet before the refund itself leaves. */
export type Readiness =
  | { readonly kind: 'waits' }
  | { readonly kind: 'ready'; readonly split_returns: RefundOrder['split_returns'] };

/** Shares come back first; a wallet without returns takes them back with the refund. */
export async function prepareReturns(
  app: App,
  refund: Refund,
  { by_request }: { readonly by_request: boolean },
): Promise<Readiness> {
  const orders = await returnsOf(app, refund);
  if (!by_request) {
    const parts = orders.filter((order) => !isOver(order)).flatMap((order) => order.parts);
    const split_returns = parts.map(({ kind, account, amount }) => ({ kind, account, amount }));
    return { kind: 'ready', split_returns };
  }
  for (const order of orders) {
    if (isOver(order)) continue;
    await pursueSplit(app, order);
    const now = (await returnsOf(app, refund)).find(({ id }) => id === order.id);
    if (now && !isOver(now)) return { kind: 'waits' };
  }
  return { kind: 'ready', split_returns: undefined };
}

/** What the end of a refund does to held money, and to shares that ride on it. */
export async function settleHold(
  app: App,
  refund: Refund,
  outcome: 'succeeded' | 'refused',
  moved_at: Date,
): Promise<MoveParts> {
  if (refund.hold_id === null) return NOTHING;
  const hold = await requireHold(app, refund.book, refund.hold_id);
  const refusal =
    outcome === 'refused' ? { code: 'refund_refused', message: 'the refund was refused' } : null;
  const orders = await ordersOf(app, refund);
  const riding = orders.filter((order) => order.refund_id === refund.id && !isOver(order));
  const returned = riding.map((order) => returnParts(app, hold, order, { refusal, moved_at }));
  const freed = outcome === 'refused' && isEnded(orders) ? refund.from_hold : 0n;
  const amounts = {
    ...hold,
    reserved: hold.reserved - refund.from_hold,
    released: hold.released + freed,
    returned: hold.returned + (outcome === 'succeeded' ? refund.from_hold : 0n),
  };
  const state =
    isClosed(hold) || hold.state === 'releasing' ? hold.state : settledState(hold, amounts);
  const closes = isClosed({ state }) && !isClosed(hold);
  const change = {
    reserved: amounts.reserved,
    released: amounts.released,
    returned: amounts.returned,
    state,
    ...(outcome === 'refused' && refund.from_hold > 0n && !isClosed({ state })
      ? { release_at: timeToDecide(app, hold) }
      : {}),
    ...(closes
      ? {
          closed_at: app.clock.now(),
          sequence: hold.sequence + (hold.disputed_at === null ? 1 : 2),
          disputed_at: null,
          dispute_reason: null,
        }
      : {}),
  };
  const after = { ...hold, ...change };
  const type = state === 'returned' ? 'hold.returned' : 'hold.released';
  const told = [
    ...(hold.disputed_at === null
      ? []
      : [holdEvent(app, 'hold.dispute_resolved', { ...after, sequence: hold.sequence + 1 })]),
    holdEvent(app, type, after, { why: 'refund' }),
  ];
  return joinParts(
    {
      ...NOTHING,
      rows: [changeHold(hold, change)],
      postings: freed > 0n ? [releasedByWallet(app, hold, freed)] : [],
      events: closes ? told : [],
    },
    ...returned,
  );
}

/** The wallet has let go all that it held: what a refund does not take in the end went with it. */
function isEnded(orders: readonly SplitOrder[]): boolean {
  return orders.some(
    ({ kind, state, release_rest }) => kind !== 'return' && state === 'finished' && release_rest,
  );
}

const DAYS_TO_DECIDE = 1;

/** What was to go back to the payer is not released before somebody could decide again. */
function timeToDecide(app: App, hold: Hold): Date {
  const earliest = automaticRelease(app.clock.now(), DAYS_TO_DECIDE, hold);
  return earliest > hold.release_at ? earliest : hold.release_at;
}
