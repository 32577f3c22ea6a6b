import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { assert } from '../errors.ts';
import { type Hold, leftOf } from '../escrow/hold.ts';
import { newId, newWalletReference } from '../ids.ts';
import type { Payment } from '../payments/payment.ts';
import { findReceivers } from '../receivers/find.ts';
import { requireAccount } from '../wallets/registry.ts';
import { portionsOf } from './portions.ts';
import { sumOf } from './shares.ts';
import type { ReleaseReason, SplitOrder, SplitPart } from './split-order.ts';

/** What a release asks of the wallet, and what it reserves in the ledger before it asks. */
export interface ReleasePlan {
  readonly hold: Hold;
  readonly payment: Payment;
  readonly amount: bigint;
  readonly why: ReleaseReason;
}

export async function planRelease(app: App, plan: ReleasePlan): Promise<SplitOrder> {
  const { hold, payment, amount, why } = plan;
  const { book } = hold;
  const release_rest = amount === leftOf(hold);
  const [merchant_amount = 0n, ...portions] = releasePortions(payment, hold, amount);
  const shared = await sharedParts(app, plan, portions);
  // In a partial release the merchant is one more receiver; otherwise the rest is its own.
  const own =
    release_rest || merchant_amount === 0n ? [] : [await ownPart(app, plan, merchant_amount)];
  const parts = [...shared, ...own];
  return {
    book,
    id: newId('spl', book),
    version: 1,
    hold_id: hold.id,
    payment_id: hold.payment_id,
    kind: parts.length > 0 ? 'split' : 'release',
    state: 'created',
    why,
    split_reference: newWalletReference(book),
    wallet_split_id: null,
    amount,
    merchant_amount,
    merchant_reservation_id: merchant_amount > 0n && own.length === 0 ? newId('pst', book) : null,
    parts,
    release_rest,
    refund_id: null,
    returns_id: null,
    refusal: null,
    created_at: app.clock.now(),
    finished_at: null,
  };
}

/** The merchant's first: what this release adds to what everybody has got by earlier ones. */
function releasePortions(payment: Payment, hold: Hold, amount: bigint): bigint[] {
  const gone = hold.released + hold.shared;
  const before = portionsOf(wholeShares(payment), gone);
  const after = portionsOf(wholeShares(payment), gone + amount);
  return after.map((portion, index) => portion - (before[index] ?? 0n));
}

/** The merchant's part of the whole payment, then the receivers' shares. */
export function wholeShares({ amount, terms }: Payment): bigint[] {
  const shares = terms?.shares ?? [];
  return [amount - sumOf(shares), ...shares.map((share) => share.amount)];
}

async function sharedParts(
  app: App,
  { hold, payment }: ReleasePlan,
  portions: readonly bigint[],
): Promise<SplitPart[]> {
  const shares = payment.terms?.shares ?? [];
  const receivers = await findReceivers(
    app,
    shares.map(({ receiver }) => receiver),
  );
  return shares.flatMap((share, index) => {
    const amount = portions[index] ?? 0n;
    const receiver = receivers.get(share.receiver);
    const at = receiver?.accounts[hold.wallet];
    assert(receiver && at, `receiver ${share.receiver} has no account at ${hold.wallet}`);
    if (amount === 0n) return [];
    const part: SplitPart = {
      receiver: share.receiver,
      role: share.role,
      account: at.account,
      kind: receiver.kind,
      amount,
      description: share.description,
      state: 'pending',
      reason: null,
      reservation_id: newId('pst', hold.book),
    };
    return [part];
  });
}

async function ownPart(
  app: App,
  { hold, payment }: ReleasePlan,
  amount: bigint,
): Promise<SplitPart> {
  const account = await requireAccount(app.wallets, hold.wallet_account_id);
  const attempts = await findAttempts(app, payment);
  const seller = attempts.find(({ id }) => id === hold.attempt_id)?.sub_merchant ?? null;
  return {
    receiver: null,
    role: null,
    account: seller ?? app.wallets.connector(hold.wallet).merchantNumber(account),
    kind: 'merchant',
    amount,
    description: 'partial release',
    state: 'pending',
    reason: null,
    reservation_id: newId('pst', hold.book),
  };
}
