import type { App } from '../../app.ts';
import type { NewEvent } from '../../events.ts';
import { newId } from '../../ids.ts';
import { suspense, walletAccount } from '../../ledger/accounts.ts';
import type { NewPosting, RowChange } from '../../ledger/ledger.ts';
import { type MoveParts, NOTHING } from '../../payments/changes.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { renderBreak } from '../render.ts';
import type { Break, TrailEntry } from './break.ts';
import { type Owner, publicEvent } from './owner.ts';
import { BREAK_ROW } from './row.ts';

/** Building blocks of moves on breaks: the trail, the end, the suspense behind unknown money. */
export function entry(
  app: Pick<App, 'clock'>,
  action: TrailEntry['action'],
  note: string,
  by = 'hub',
  postings: readonly string[] = [],
): TrailEntry {
  return { at: app.clock.real().toISOString(), by, action, note, postings };
}

/** A break that is written down now, for the first time. */
export function freshBreak(
  app: Pick<App, 'clock'>,
  trail: readonly TrailEntry[],
  about: Omit<Break, 'id' | 'version' | 'state' | 'trail' | 'created_at' | 'resolved_at'>,
  state: Break['state'] = 'open',
): Break {
  const now = app.clock.real();
  const resolved_at = state === 'open' ? null : now;
  const id = newId('brk', about.book);
  return { ...about, id, version: 1, state, trail, created_at: now, resolved_at };
}

/** Nobody is told of a break whose owner is not known for sure, or is in another book. */
export function told(
  app: App,
  type: 'break.opened' | 'break.resolved',
  found: Break,
  owner: Owner | undefined,
): NewEvent[] {
  if (owner?.book !== found.book) return [];
  const object = renderBreak(app, found);
  const sequence = found.trail.length;
  return [publicEvent(owner, { type, object, payment_id: found.payment_id, sequence })];
}

type Changed = Partial<
  Pick<Break, 'bill_id' | 'amount' | 'fee' | 'detail' | 'trail' | 'state' | 'resolved_at'>
>;

export function change({ id, version }: Break, values: Changed): RowChange {
  return { op: 'update', kind: BREAK_ROW, id, version, values };
}

/** The end of a break, with its reason; `postings` are what the reason moves. */
export function ended(
  app: App,
  found: Break,
  reason: TrailEntry,
  owner: Owner | undefined,
  postings: readonly NewPosting[] = [],
): MoveParts {
  const values = {
    state: 'resolved',
    resolved_at: app.clock.real(),
    trail: [...found.trail, { ...reason, postings: postings.map(({ id }) => id) }],
  } as const;
  return {
    ...NOTHING,
    rows: [change(found, values)],
    postings,
    events: told(app, 'break.resolved', { ...found, ...values }, owner),
  };
}

/**
 * What is in suspense because of a break: money of an order nobody knows, as much as was booked
 * when the wallet told of it, or of a line listed twice that somebody has booked there.
 */
export function suspenseAmount({ kind, about, amount, detail, trail }: Break): bigint {
  if (trail.at(-1)?.action === 'book_to_suspense') return amount ?? 0n;
  const booked = detail['amount'];
  if (kind !== 'missing_here' || about !== 'payment' || typeof booked !== 'string') return 0n;
  return /^\d+$/.test(booked) ? BigInt(booked) : 0n;
}

export function suspensePosting(
  app: App,
  account: WalletAccount,
  found: Break,
  way: 'in' | 'out',
): NewPosting[] {
  const amount = suspenseAmount(found);
  if (amount <= 0n) return [];
  const [wallet, held] = [walletAccount(account), suspense(account)];
  return [
    {
      kind: 'posted',
      id: newId('pst', found.book),
      debit: way === 'in' ? wallet : held,
      credit: way === 'in' ? held : wallet,
      amount,
      currency: 'CNY',
      reason: way === 'in' ? 'unknown_order' : reasonOut(found),
      business_at: app.clock.now(),
      fact: way === 'in',
    },
  ];
}

function reasonOut({ kind }: Break): string {
  return kind === 'duplicate' ? 'bill_difference' : 'unknown_order_gone';
}
