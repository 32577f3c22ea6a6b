import type { App } from '../../app.ts';
import { findPart } from '../../combined/advance.ts';
import { Refusal } from '../../errors.ts';
import { bookOf, type Id, newId } from '../../ids.ts';
import { merchantAccount, suspense, walletAccount } from '../../ledger/accounts.ts';
import { throwIfKeyTaken } from '../../ledger/key-taken.ts';
import type { AccountSpec, IntentKey, NewPosting } from '../../ledger/ledger.ts';
import { NOTHING } from '../../payments/changes.ts';
import { findPayment } from '../../payments/find.ts';
import { requireAccount } from '../../wallets/registry.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { selectBreak } from '../queries.ts';
import { askWallet } from './ask.ts';
import { bookPayout, payoutOf } from './ask-moves.ts';
import type { Asked } from './asked.ts';
import { actionsOf, type Break, type BreakAction } from './break.ts';
import { merchantBehind, type Owner, paymentOwner, soleOwner } from './owner.ts';
import { change, ended, entry, suspenseAmount } from './parts.ts';

/**
 * The repair of a break. It never writes a state by hand: the wallet's word goes through the same
 * completion path as always, money moves by a new posting, and who did it, when and why is kept in
 * the break's trail by the same move.
 */
export interface Repair {
  readonly id: Id<'brk'>;
  readonly action: BreakAction;
  readonly note: string;
  /** Whose money it is, where no payment says it. */
  readonly merchant_id?: string | undefined;
  /** Key id, or who started the command. */
  readonly by: string;
  readonly key?: Omit<IntentKey, 'object_id'>;
}

const MAX_ROUNDS = 10;

/** The break as it is afterwards; one that was resolved before is a Refusal. */
export async function resolveBreak(app: App, repair: Repair): Promise<Break> {
  const asked = await askedOf(app, repair);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await openBreak(app, repair);
    const account = await requireAccount(app.wallets, found.wallet_account_id);
    const owner = await ownerOf(app, found);
    const { book } = found;
    const keys = repair.key ? [{ ...repair.key, object_id: found.id }] : [];
    if (asked && !asked.agrees) {
      const trail = [...found.trail, entry(app, repair.action, noteOf(repair, asked), repair.by)];
      const rows = [change(found, { trail })];
      const result = await app.ledger.submit({ ...NOTHING, book, rows, keys });
      if (result.kind === 'committed') return { ...found, trail };
      throwIfKeyTaken(result);
      continue;
    }
    const postings = await postingsOf(app, account, found, repair);
    const reason = entry(app, repair.action, noteOf(repair, asked), repair.by);
    const end = ended(app, found, reason, owner, postings);
    const result = await app.ledger.submit({ ...end, book, keys });
    if (result.kind === 'committed') return await reread(app, found);
    throwIfKeyTaken(result);
    if (result.kind === 'refused') {
      throw new Refusal('state_conflict', {
        message: `${result.account ?? 'an account'} does not have this money any more`,
      });
    }
  }
  throw new Refusal('concurrent_change');
}

/** What the wallet, or somebody in its place, says; undefined where the repair is a posting. */
async function askedOf(app: App, repair: Repair): Promise<Asked | undefined> {
  switch (repair.action) {
    case 'ask_wallet':
      return askWallet(app, await openBreak(app, repair));
    case 'book_as_paid':
      return bookPayout(app, await openBreak(app, repair), 'succeeded');
    case 'book_as_returned':
      return bookPayout(app, await openBreak(app, repair), 'returned');
    default:
      return undefined;
  }
}

async function reread(app: App, { book, id }: Break): Promise<Break> {
  const found = await selectBreak(app.db, book, id);
  if (!found) throw new Refusal('not_found');
  return found;
}

async function openBreak(app: App, { id, action }: Repair): Promise<Break> {
  const found = await selectBreak(app.db, bookOf(id), id);
  if (!found) throw new Refusal('not_found');
  if (found.state === 'resolved') {
    throw new Refusal('state_conflict', { message: 'the break is resolved already' });
  }
  const allowed = actionsOf(found);
  if (allowed.includes(action)) return found;
  throw new Refusal('invalid_parameter', {
    param: 'action',
    message: `action: a break of this kind allows ${allowed.join(', ')}`,
  });
}

async function ownerOf(app: App, found: Break): Promise<Owner | undefined> {
  const { about, kind, wallet_account_id } = found;
  const payout = about === 'payout' && kind !== 'merchant' ? await payoutOf(app, found) : undefined;
  return payout ?? (await paymentOwner(app, found)) ?? soleOwner(app, wallet_account_id);
}

function noteOf({ note }: Repair, asked: Asked | undefined): string {
  return asked ? `${note} (${asked.said})` : note;
}

async function postingsOf(
  app: App,
  account: WalletAccount,
  found: Break,
  repair: Repair,
): Promise<NewPosting[]> {
  const wallet = walletAccount(account);
  const held = suspense(account);
  const unknown = suspenseAmount(found);
  switch (repair.action) {
    case 'accept':
    case 'ask_wallet':
    case 'book_as_paid':
    case 'book_as_returned':
      return [];
    case 'release_suspense':
      return posting(app, found, { from: held, to: wallet, amount: unknown, fact: false });
    case 'book_to_suspense':
      return posting(app, found, {
        from: wallet,
        to: held,
        amount: found.amount ?? 0n,
        fact: true,
      });
    case 'book_to_merchant': {
      const merchant = merchantAccount(await merchantOf(app, account, found, repair));
      if (unknown > 0n) {
        return posting(app, found, { from: held, to: merchant, amount: unknown, fact: false });
      }
      return posting(app, found, {
        from: wallet,
        to: merchant,
        amount: found.amount ?? 0n,
        fact: true,
      });
    }
    default:
      return repair.action satisfies never;
  }
}

/** One posting that raises `to`, or lowers it when the amount is negative. */
function posting(
  app: App,
  found: Break,
  about: { from: AccountSpec; to: AccountSpec; amount: bigint; fact: boolean },
): NewPosting[] {
  const { amount, fact } = about;
  if (amount === 0n) return [];
  const [debit, credit] = amount > 0n ? [about.from, about.to] : [about.to, about.from];
  return [
    {
      kind: 'posted',
      id: newId('pst', found.book),
      debit,
      credit,
      amount: amount > 0n ? amount : -amount,
      currency: 'CNY',
      reason: 'bill_difference',
      // What is booked under a payment counts as paid by it.
      subject_id: found.about === 'payment' ? (found.payment_id ?? found.id) : found.id,
      business_at: app.clock.now(),
      fact,
    },
  ];
}

/** Of the payment, or of the part of it; else the one that is named, which must be there. */
async function merchantOf(
  app: App,
  account: WalletAccount,
  found: Break,
  { merchant_id }: Repair,
): Promise<string> {
  const payment = found.payment_id === null ? undefined : await findPayment(app, found.payment_id);
  if (payment) {
    const reference = String(found.detail['wallet_reference']);
    const named = await findPart(app, payment.book, account, reference);
    const part = payment.parts.find(({ id }) => id === named?.part_id);
    return (part ?? payment).merchant_id;
  }
  const payout = found.about === 'payout' ? await payoutOf(app, found) : undefined;
  if (payout) return payout.merchant_id;
  const merchant = await merchantBehind(app, found, merchant_id);
  if (merchant !== undefined) return merchant;
  throw new Refusal('invalid_parameter', {
    param: 'merchant',
    message: 'merchant: nothing says whose money this is, so name one of your merchants',
  });
}
