import type { App } from '../app.ts';
import { findAttempts, paymentIdOfReference } from '../attempts/find.ts';
import { homeOf } from '../books.ts';
import { advancePart, findPart } from '../combined/advance.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { settleFact } from '../ledger/settle-fact.ts';
import { planReturn } from '../refunds/return-money.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { type MoveParts, NOTHING } from './changes.ts';
import { end, succeed } from './consequences.ts';
import { type AdvanceResult, decide, type FactSource, type Situation } from './decide.ts';
import { refuse, strange } from './misfits.ts';
import { selectPayment } from './queries.ts';

/**
 * The one completion path of a payment: whoever speaks first (notification, query answer, bill
 * line), the same fact leads to the same move, once. State, postings and events commit together.
 * @param also row changes that must commit with the fact: the inbox row that it settles
 */
export async function advance(
  app: App,
  account: WalletAccount,
  fact: PaymentFact,
  source: FactSource,
  also: (result: AdvanceResult) => readonly RowChange[] = () => [],
  { by_parts = false }: { readonly by_parts?: boolean } = {},
): Promise<AdvanceResult> {
  const reference = fact.wallet_reference;
  const book = await homeOf(app, reference);
  return settleFact(app, {
    book,
    subject: reference,
    also,
    judge: async () => {
      const situation = await readSituation(app, book, account, reference);
      if (situation) return partsFor(app, account, { ...situation, by_parts }, fact, source);
      const part = await findPart(app, book, account, reference);
      if (!part) return strange(app, book, account, fact, source);
      return { settled: await advancePart(app, account, part, fact, source, also) };
    },
  });
}

async function readSituation(
  app: App,
  book: Book,
  account: WalletAccount,
  reference: string,
): Promise<Situation | undefined> {
  const paymentId = await paymentIdOfReference(app, {
    book,
    account_id: account.id,
    wallet_reference: reference,
  });
  if (paymentId === undefined) return undefined;
  // Payment first: an attempt begun later has moved the payment's version on.
  const payment = await selectPayment(app.db, book, paymentId);
  assert(payment, `payment ${paymentId} is gone`);
  const attempts = await findAttempts(app, payment);
  const attempt = attempts.find((entry) => entry.wallet_reference === reference);
  assert(attempt, `attempt ${reference} is gone`);
  const wallet_merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  return { payment, attempt, attempts, wallet_merchant };
}

async function partsFor(
  app: App,
  account: WalletAccount,
  situation: Situation,
  fact: PaymentFact,
  source: FactSource,
): Promise<{ parts: MoveParts; result: AdvanceResult }> {
  const { payment, attempt } = situation;
  const decision = decide(situation, fact);
  const result = {
    outcome: decision.kind,
    why: 'why' in decision ? decision.why : null,
    payment_id: payment.id,
  };
  switch (decision.kind) {
    case 'ignore':
      return { parts: NOTHING, result };
    case 'refuse':
      return { parts: await refuse(app, account, situation, fact, source, decision.why), result };
    case 'succeed':
      return { parts: succeed(app, account, situation, fact, decision.others), result };
    case 'return':
      return {
        parts: planReturn(app, { payment, attempt, account, fact, origin: decision.origin }),
        result,
      };
    case 'end':
      return { parts: end(app, situation, decision.payment_closes), result };
    default:
      return decision satisfies never;
  }
}
