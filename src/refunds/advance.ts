import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { homeOf } from '../books.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { settleFact } from '../ledger/settle-fact.ts';
import { type MoveParts, NOTHING } from '../payments/changes.ts';
import type { FactSource } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import type { Payment } from '../payments/payment.ts';
import type { Break } from '../reconciliation/breaks/break.ts';
import { openByFact } from '../reconciliation/breaks/fact.ts';
import type { RefundFact, WalletAccount } from '../wallets/wallet.ts';
import { consequences, refusedParts } from './consequences.ts';
import { selectRefund, selectRefundByWalletNumber } from './queries.ts';
import { isFinal, type Refund, type RefundState } from './refund.ts';

/** The one completion path of a refund, whoever speaks first: answer, notification, query. */
export interface RefundAdvance {
  readonly outcome: 'changed' | 'ignore' | 'refuse' | 'unknown_refund';
  readonly payment_id: string | null;
}

const MAX_ROUNDS = 20;

export async function advanceRefund(
  app: App,
  account: WalletAccount,
  fact: RefundFact,
  source: FactSource,
  also: (result: RefundAdvance) => readonly RowChange[] = () => [],
): Promise<RefundAdvance> {
  // The inbox row of the fact was stored by the order's number: both settle in one book.
  const book = await homeOf(app, fact.wallet_reference);
  return settleFact(app, {
    book,
    subject: fact.refund_reference,
    also,
    judge: async () => {
      const refund = await refundAt(app, book, account, fact.refund_reference);
      return judge(app, book, account, refund, fact, source);
    },
  });
}

/** The refund with this number, if it was made at this very account: no other may speak of it. */
async function refundAt(
  app: App,
  book: Book,
  account: WalletAccount,
  reference: string,
): Promise<Refund | undefined> {
  const refund = await selectRefundByWalletNumber(app.db, book, reference);
  if (!refund) return undefined;
  const attempts = await findAttempts(app, { book, id: refund.payment_id });
  const made = attempts.find((attempt) => attempt.id === refund.attempt_id);
  return made?.wallet_account_id === account.id ? refund : undefined;
}

/** The wallet's definite no, told by its answer. */
export async function refuseRefund(
  app: App,
  { book, id }: Refund,
  refusal: { code: string; message: string },
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const refund = await selectRefund(app.db, book, id);
    assert(refund, `refund ${id} is gone`);
    if (isFinal(refund)) return;
    const payment = await paymentOf(app, refund);
    const move = { book, ...(await refusedParts(app, payment, refund, refusal)) };
    if ((await app.ledger.submit(move)).kind === 'committed') return;
  }
  throw new Error(`refund ${id} keeps colliding`);
}

async function paymentOf(app: App, refund: Refund): Promise<Payment> {
  const payment = await findPayment(app, refund.payment_id);
  assert(payment, `payment ${refund.payment_id} is gone`);
  return payment;
}

async function judge(
  app: App,
  book: Book,
  account: WalletAccount,
  refund: Refund | undefined,
  fact: RefundFact,
  source: FactSource,
): Promise<{ parts: MoveParts; result: RefundAdvance }> {
  if (!refund) {
    const result = { outcome: 'unknown_refund', payment_id: null } as const;
    const about = { book, kind: 'missing_here', payment_id: null } as const;
    return { parts: await openByFact(app, source, breakOf(account, fact, about)), result };
  }
  const payment_id = refund.payment_id;
  const refuse = async (found: Found) => {
    const about = breakOf(account, fact, { book, payment_id, ...found });
    const result = { outcome: 'refuse', payment_id } as const;
    return { parts: await openByFact(app, source, about), result };
  };
  const merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  const wrong = fact.amount !== undefined && fact.amount !== refund.amount;
  if (fact.wallet_merchant !== merchant || wrong) {
    return refuse({ kind: wrong ? 'amount' : 'merchant' });
  }
  if (refund.state === 'refused' && fact.state === 'succeeded') {
    // A bill that has it finds the same break again.
    return refuse({ kind: 'state', amount: -refund.amount });
  }
  if (isFinal(refund) || isOlder(fact.state, refund.state)) {
    return { parts: NOTHING, result: { outcome: 'ignore', payment_id } };
  }
  const payment = await paymentOf(app, refund);
  const parts = await consequences(app, account, payment, refund, fact);
  return { parts, result: { outcome: 'changed', payment_id } };
}

type Found = Pick<Break, 'kind'> & Partial<Pick<Break, 'amount'>>;

function breakOf(
  account: WalletAccount,
  fact: RefundFact,
  about: Pick<Break, 'book' | 'payment_id'> & Found,
) {
  const detail = { ...fact, amount: fact.amount?.toString() ?? null };
  const subject = fact.refund_reference;
  return { ...about, wallet_account_id: account.id, about: 'refund' as const, subject, detail };
}

/** Says nothing that we did not know. */
function isOlder(told: RefundFact['state'], known: RefundState): boolean {
  if (told === 'pending') return known === 'pending' || known === 'needs_action';
  return told === 'needs_action' && known === 'needs_action';
}
