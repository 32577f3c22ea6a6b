import type { App } from '../app.ts';
import type { Hold } from '../escrow/hold.ts';
import { newId } from '../ids.ts';
import {
  holdAccount,
  merchantAccount,
  platformAccount,
  receiverAccount,
} from '../ledger/accounts.ts';
import type { AccountSpec, NewPosting } from '../ledger/ledger.ts';
import type { ShareRole } from './shares.ts';
import type { SplitOrder, SplitPart } from './split-order.ts';

/** Where a part goes in the ledger. */
export function accountOfPart(
  owner: Pick<Hold, 'merchant_id' | 'platform_id'>,
  { receiver, role }: { receiver: string | null; role: ShareRole | null },
): AccountSpec {
  if (receiver === null) return merchantAccount(owner.merchant_id);
  if (role === 'platform') return platformAccount(owner.platform_id);
  return receiverAccount(receiver);
}

/**
 * Keeps the money for each part until the wallet says what became of it. It is the merchant's
 * first, whose sale it was: the books show what came in and what of it was given away.
 */
export function reservations(app: App, hold: Hold, order: SplitOrder): NewPosting[] {
  const common = {
    kind: 'pending',
    debit: holdAccount(hold.subject_id),
    currency: 'CNY',
    subject_id: hold.payment_id,
    business_at: app.clock.now(),
  } as const;
  const parts = order.parts.map(
    (part): NewPosting => ({
      ...common,
      id: part.reservation_id,
      credit: merchantAccount(hold.merchant_id),
      amount: part.amount,
      reason: part.receiver === null ? 'release' : 'share',
    }),
  );
  if (order.merchant_reservation_id === null) return parts;
  const rest: NewPosting = {
    ...common,
    id: order.merchant_reservation_id,
    credit: merchantAccount(hold.merchant_id),
    amount: order.merchant_amount,
    reason: 'release',
  };
  return [...parts, rest];
}

/** A share goes on to its receiver; one that was refused is the merchant's own from now on. */
export function ends(app: App, hold: Hold, part: SplitPart): NewPosting[] {
  const business_at = app.clock.now();
  const id = newId('pst', hold.book);
  if (part.state === 'succeeded') {
    const own: NewPosting = { kind: 'post', id, ends: part.reservation_id, business_at };
    if (part.receiver === null) return [own];
    const given: NewPosting = {
      kind: 'posted',
      id: newId('pst', hold.book),
      debit: merchantAccount(hold.merchant_id),
      credit: accountOfPart(hold, part),
      amount: part.amount,
      currency: 'CNY',
      reason: 'share_given',
      subject_id: hold.payment_id,
      business_at,
      fact: true,
    };
    return [own, given];
  }
  return [
    { kind: 'void', id, ends: part.reservation_id, business_at },
    {
      kind: 'posted',
      id: newId('pst', hold.book),
      debit: holdAccount(hold.subject_id),
      credit: merchantAccount(hold.merchant_id),
      amount: part.amount,
      currency: 'CNY',
      reason: 'share_refused',
      subject_id: hold.payment_id,
      business_at,
      fact: true,
    },
  ];
}

export function merchantPosting(app: App, order: SplitOrder, kind: 'post' | 'void'): NewPosting[] {
  const { merchant_reservation_id: ends, book } = order;
  if (ends === null) return [];
  return [{ kind, id: newId('pst', book), ends, business_at: app.clock.now() }];
}
