import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import { changeHold, holdEvent, releasedByWallet } from '../escrow/changes.ts';
import { requireHold } from '../escrow/find.ts';
import { type Hold, isClosed, leftOf, releaseAfterRefusal, settledState } from '../escrow/hold.ts';
import { newId } from '../ids.ts';
import type { NewPosting } from '../ledger/ledger.ts';
import { type MoveParts, NOTHING } from '../payments/changes.ts';
import type { SplitFact, SplitReturnFact } from '../wallets/products/splits.ts';
import { changeSplit, splitEvent } from './changes.ts';
import { ends, merchantPosting } from './postings.ts';
import { selectSplitOrder } from './queries.ts';
import { sumOf } from './shares.ts';
import { isOver, movedAt, type SplitOrder, type SplitPart } from './split-order.ts';

/** The one way in which what a wallet says of a request about held money takes effect, once. */
const MAX_ROUNDS = 20;
const NEXT_QUERY_MS = 1_000;

type Named = Pick<SplitOrder, 'book' | 'id'>;

export async function advanceSplit(app: App, named: Named, fact: SplitFact): Promise<void> {
  await settle(app, named, (hold, order) => splitConsequences(app, hold, order, fact));
}

/** What a fact about an open request writes; nothing when it says nothing new. */
export function splitConsequences(
  app: App,
  hold: Hold,
  order: SplitOrder,
  fact: SplitFact,
): MoveParts {
  switch (fact.state) {
    case 'pending':
      return accepted(app, order, fact.wallet_split_id);
    case 'refused':
      return refusedParts(app, hold, order, {
        code: 'wallet_refused',
        message: 'the wallet closed the request',
      });
    case 'finished': {
      const parts = judge(order, fact);
      return parts
        ? finishedParts(app, hold, { ...order, parts }, fact)
        : accepted(app, order, fact.wallet_split_id);
    }
    default:
      return fact.state satisfies never;
  }
}

export async function advanceReturn(app: App, named: Named, fact: SplitReturnFact): Promise<void> {
  await settle(app, named, (hold, order) => {
    if (fact.state === 'pending') return accepted(app, order, undefined);
    const moved_at = fact.moved_at ?? app.clock.now();
    const refusal =
      fact.state === 'refused'
        ? { code: 'wallet_refused', message: fact.reason ?? 'the receiver gave nothing back' }
        : null;
    return returnParts(app, hold, order, { refusal, moved_at });
  });
}

/** The wallet's definite no, told by its answer. */
export async function refuseSplit(
  app: App,
  named: Named,
  refusal: { readonly code: string; readonly message: string },
): Promise<void> {
  await settle(app, named, (hold, order) =>
    order.kind === 'return'
      ? returnParts(app, hold, order, { refusal, moved_at: app.clock.now() })
      : refusedParts(app, hold, order, refusal),
  );
}

async function settle(
  app: App,
  { book, id }: Named,
  judged: (hold: Hold, order: SplitOrder) => MoveParts,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const order = await selectSplitOrder(app.db, book, id);
    assert(order, `split ${id} is gone`);
    if (isOver(order)) return;
    const hold = await requireHold(app, book, order.hold_id);
    const parts = judged(hold, order);
    if (parts.rows.length === 0) return;
    const done = await app.ledger.submit({ book, ...parts });
    if (done.kind === 'committed') return;
    assert(done.kind !== 'refused', 'a wallet’s word was refused by an account');
  }
  throw new Error(`what the wallet says of split ${id} keeps colliding`);
}

function accepted(app: App, order: SplitOrder, wallet_split_id: string | undefined): MoveParts {
  if (order.state === 'pending') return NOTHING;
  const next_query_at = new Date(
    app.clock.real().getTime() + NEXT_QUERY_MS * app.config.retry_pace,
  );
  return {
    ...NOTHING,
    rows: [
      changeSplit(order, {
        state: 'pending',
        refusal: null,
        wallet_split_id: wallet_split_id ?? order.wallet_split_id,
        next_query_at,
      }),
    ],
  };
}

/** Each part with what became of it; undefined while the wallet has not said so of each. */
function judge(order: SplitOrder, fact: SplitFact): SplitPart[] | undefined {
  // One receiver may have two equal parts of which one is refused.
  const told = [...fact.parts];
  const parts = order.parts.map((part): SplitPart => {
    const { account, amount } = part;
    const at = told.findIndex((line) => line.account === account && line.amount === amount);
    const [one] = at < 0 ? [] : told.splice(at, 1);
    return { ...part, state: one?.state ?? 'pending', reason: one?.reason ?? null };
  });
  return parts.every(({ state }) => state !== 'pending') ? parts : undefined;
}

function finishedParts(app: App, hold: Hold, order: SplitOrder, fact: SplitFact): MoveParts {
  const finished = {
    state: 'finished',
    refusal: null,
    parts: order.parts,
    wallet_split_id: fact.wallet_split_id ?? order.wallet_split_id,
    finished_at: movedAt(fact) ?? app.clock.now(),
  } as const;
  const shared = sumOf(
    order.parts.filter(({ receiver, state }) => receiver !== null && state === 'succeeded'),
  );
  // What refunds gave up meanwhile went with the last of it.
  const freed = order.release_rest ? leftOf(hold) : 0n;
  const after = letGo(app, hold, { shared, released: order.amount - shared, freed });
  const type = isClosed(after) ? 'hold.released' : 'hold.partially_released';
  const receivers = order.parts.some(({ receiver }) => receiver !== null);
  const { platform_id } = hold;
  return {
    ...NOTHING,
    rows: [changeSplit(order, { ...finished, next_query_at: null }), changed(hold, after)],
    postings: [
      ...order.parts.flatMap((part) => ends(app, hold, part)),
      ...merchantPosting(app, order, 'post'),
      ...(freed > 0n ? [releasedByWallet(app, hold, freed)] : []),
    ],
    events: [
      ...(receivers
        ? [splitEvent(app, 'split.finished', platform_id, { ...order, ...finished })]
        : []),
      holdEvent(app, type, after, { why: order.why }),
    ],
  };
}

/** What was on its way is where it belongs. */
function letGo(
  app: App,
  hold: Hold,
  { released, shared, freed }: { released: bigint; shared: bigint; freed: bigint },
): Hold {
  const amounts = {
    released: hold.released + released + freed,
    shared: hold.shared + shared,
    returned: hold.returned,
    reserved: hold.reserved - released - shared,
  };
  const state = settledState(hold, amounts);
  const closed_at = isClosed({ state }) ? app.clock.now() : null;
  return { ...hold, ...amounts, state, closed_at, sequence: hold.sequence + 1 };
}

function changed(hold: Hold, after: Hold) {
  const { state, released, shared, returned, reserved, sequence, closed_at } = after;
  return changeHold(hold, { state, released, shared, returned, reserved, sequence, closed_at });
}

/** Nothing of it happened: the money is held as before. */
function refusedParts(
  app: App,
  hold: Hold,
  order: SplitOrder,
  refusal: { readonly code: string; readonly message: string },
): MoveParts {
  const now = app.clock.now();
  const refused = { state: 'refused', refusal, finished_at: now } as const;
  const business_at = now;
  return {
    ...NOTHING,
    rows: [
      changeSplit(order, { ...refused, next_query_at: null }),
      changeHold(hold, {
        state: 'held',
        reserved: hold.reserved - order.amount,
        release_at: releaseAfterRefusal(hold, order, now),
      }),
    ],
    postings: [
      ...order.parts.map((part): NewPosting => {
        const id = newId('pst', hold.book);
        return { kind: 'void', id, ends: part.reservation_id, business_at };
      }),
      ...merchantPosting(app, order, 'void'),
    ],
    events: [splitEvent(app, 'split.refused', hold.platform_id, { ...order, ...refused })],
  };
}

/** A receiver gave its share back, or did not: then the refund is the merchant's alone. */
export function returnParts(
  app: App,
  hold: Pick<Hold, 'platform_id'>,
  order: SplitOrder,
  end: {
    readonly refusal: { readonly code: string; readonly message: string } | null;
    readonly moved_at: Date;
  },
): MoveParts {
  const { refusal, moved_at } = end;
  const parts = order.parts.map(
    (part): SplitPart => ({
      ...part,
      state: refusal ? 'refused' : 'succeeded',
      reason: refusal?.message ?? null,
    }),
  );
  const state = refusal ? 'refused' : 'finished';
  const over = { state, refusal, parts, finished_at: moved_at } as const;
  const type = refusal ? 'split.refused' : 'split.finished';
  const kind = refusal ? 'void' : 'post';
  return {
    ...NOTHING,
    rows: [changeSplit(order, { ...over, next_query_at: null })],
    postings: order.parts.map(({ reservation_id }): NewPosting => {
      const id = newId('pst', order.book);
      return { kind, id, ends: reservation_id, business_at: app.clock.now() };
    }),
    events: [splitEvent(app, type, hold.platform_id, { ...order, ...over })],
  };
}
