import type { App } from '../../app.ts';
import type { PaymentPart } from '../../combined/part.ts';
import { changeHold } from '../../escrow/changes.ts';
import { findHold } from '../../escrow/find.ts';
import { type Hold, leftOf } from '../../escrow/hold.ts';
import { newId } from '../../ids.ts';
import { holdAccount, merchantAccount, walletAccount } from '../../ledger/accounts.ts';
import type { NewPosting, RowChange } from '../../ledger/ledger.ts';
import { feeBetween } from '../../merchants/fee-back.ts';
import { boundShortage } from '../../merchants/shortage.ts';
import { type MoveParts, NOTHING, step } from '../../payments/changes.ts';
import type { Payment } from '../../payments/payment.ts';
import { insertSplit } from '../../profit-sharing/changes.ts';
import { sumOf } from '../../profit-sharing/shares.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { findRefunds } from '../find.ts';
import { isFinal, isUnfunded, type Refund } from '../refund.ts';
import { returnPostings, returnsFor } from './share-returns.ts';

/**
 * Where the money of a refund comes from when the payment's was held: first from what is still
 * held, then from the merchant, who first gets back from each receiver its portion of what is
 * refunded. Many partial refunds together take from each what one full refund would.
 */
export interface FundedRefund {
  readonly refund: Refund;
  readonly held: Pick<MoveParts, 'rows' | 'postings' | 'events'>;
}

/** Undefined when what was read is of two moments, because somebody else refunds meanwhile. */
export async function fundRefund(
  app: App,
  account: WalletAccount,
  payment: Payment,
  planned: Refund,
): Promise<FundedRefund | undefined> {
  const hold = await findHold(app, payment);
  if (!hold) {
    const rows = await ownMoney(app, account, payment, planned, planned.amount);
    return {
      refund: planned,
      held: { ...NOTHING, rows, postings: ownPostings(payment, account, planned) },
    };
  }
  if (await mustWait(app, hold, planned)) return waiting(payment, hold, planned);
  const left = leftOf(hold);
  const from_hold = planned.amount < left ? planned.amount : left;
  const released = planned.amount - from_hold;
  const refund: Refund = {
    ...planned,
    hold_id: hold.id,
    from_hold,
    hold_reservation_id: from_hold > 0n ? newId('pst', payment.book) : null,
    reservation_id: released > 0n ? newId('pst', payment.book) : null,
  };
  const wanted = { account, payment, hold, refund, released };
  const returns = released > 0n ? await returnsFor(app, wanted) : [];
  if (!returns) return undefined;
  const rows: RowChange[] = [
    ...(await ownMoney(app, account, payment, planned, released - sumOf(returns))),
    // Also when nothing is held: whoever decides on this hold at the same time decides again.
    changeHold(hold, { reserved: hold.reserved + from_hold }),
    ...returns.map((order) => insertSplit(order, firstQuery(app, account))),
  ];
  return {
    refund,
    held: {
      rows,
      postings: [
        ...ownPostings(payment, account, refund),
        ...fromHold(account, hold, refund),
        ...returns.flatMap((order) => returnPostings(app, hold, order)),
      ],
      events: returns.map(({ id, kind, amount }) =>
        step(payment, 'split.created', { split: id, kind, amount: amount.toString() }),
      ),
    },
  };
}

/** Where the money is will be known when the release is over; refunds keep their order. */
async function mustWait(app: App, hold: Hold, planned: Refund): Promise<boolean> {
  if (hold.state === 'releasing') return true;
  const refunds = await findRefunds(app, { book: hold.book, id: hold.payment_id });
  return refunds.some((other) => other.id < planned.id && isUnfunded(other) && !isFinal(other));
}

/** Accepted, and counted on the payment; nothing of the ledger's is reserved for it yet. */
function waiting(payment: Payment, { id }: Hold, planned: Refund): FundedRefund {
  const refund = { ...planned, hold_id: id, reservation_id: null };
  const told = step(payment, 'refund.waits', { refund: planned.id, hold: id });
  return { refund, held: { ...NOTHING, events: [told] } };
}

/** The seller's own part of it, less the fee that comes back with it and with those under way. */
async function ownMoney(
  app: App,
  account: WalletAccount,
  payment: Payment,
  planned: Refund,
  own: bigint,
): Promise<RowChange[]> {
  const order = orderOf(payment, planned);
  const { refunded, refund_reserved, merchant_id } = order;
  // The payment counts a refund that waited already.
  const until = refund_reserved + (isUnfunded(planned) ? 0n : planned.amount);
  const fee_back = feeBetween(app, account.wallet, order.amount, [refunded, until]);
  return boundShortage(app, account, { book: payment.book, merchant_id }, { own, fee_back });
}

function orderOf(payment: Payment, { part_id }: Refund): PaymentPart | Payment {
  return payment.parts.find(({ id }) => id === part_id) ?? payment;
}

/** What the merchant pays, with what receivers give back to it first. */
function ownPostings(payment: Payment, account: WalletAccount, refund: Refund): NewPosting[] {
  const { reservation_id: id, amount, from_hold, created_at } = refund;
  if (id === null) return [];
  return [
    {
      kind: 'pending',
      id,
      debit: merchantAccount(orderOf(payment, refund).merchant_id),
      credit: walletAccount(account),
      amount: amount - from_hold,
      currency: 'CNY',
      reason: 'refund',
      subject_id: payment.id,
      business_at: created_at,
    },
  ];
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
