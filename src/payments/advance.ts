import type { App } from '../app.ts';
import { findAttempts, paymentIdOfReference } from '../attempts/find.ts';
import { homeOf } from '../books.ts';
import { advancePart, findPart } from '../combined/advance.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { planReturn } from '../refunds/return-money.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { type MoveParts, NOTHING } from './changes.ts';
import { end, succeed } from './consequences.ts';
import { type AdvanceResult, decide, type FactSource, type Situation } from './decide.ts';
import { refuse, strange } from './misfits.ts';
import { selectPayment } from './queries.ts';

/**
 * The one completion path of a payment: whoever speaks first (notification, query answer, bill
 * line), the same fact leads to the same move, once. State, postings and events commit together;
 * when another process was faster the situation is read and judged again.
 */
const MAX_ROUNDS = 20;

/** `also` are row changes that must commit with the fact: the inbox row that it settles. */
export async function advance(
  app: App,
  account: WalletAccount,
  fact: PaymentFact,
  source: FactSource,
  also: (result: AdvanceResult) => readonly RowChange[] = () => [],
  { by_parts = false }: { readonly by_parts?: boolean } = {},
): Promise<AdvanceResult> {
  const book = await homeOf(app, fact.wallet_reference);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const situation = await readSituation(app, book, account, fact.wallet_reference);
    if (!situation) {
      const part = await findPart(app, book, account, fact.wallet_reference);
      if (part) return advancePart(app, account, part, fact, source, also);
    }
    const { parts, result } = situation
      ? partsFor(app, account, { ...situation, by_parts }, fact, source)
      : strange(app, book, account, fact, source);
    const rows = [...parts.rows, ...also(result)];
    if (rows.length + parts.events.length + parts.postings.length === 0) return result;
    const done = await app.ledger.submit({ book, ...parts, rows });
    switch (done.kind) {
      case 'committed':
        return result;
      case 'stale':
        break;
      case 'taken':
        // The break or the return is there already: say only what remains to be said.
        if (done.constraint === 'breaks_once') return settleAgain(app, book, result, also);
        break;
      case 'refused':
        assert(false, `a fact was refused by account ${done.account}`);
        break;
      default:
        done satisfies never;
    }
  }
  throw new Error(`payment facts for ${fact.wallet_reference} keep colliding`);
}

async function settleAgain(
  app: App,
  book: Book,
  result: AdvanceResult,
  also: (result: AdvanceResult) => readonly RowChange[],
): Promise<AdvanceResult> {
  const rows = also(result);
  if (rows.length > 0) await app.ledger.submit({ book, ...NOTHING, rows });
  return result;
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

function partsFor(
  app: App,
  account: WalletAccount,
  situation: Situation,
  fact: PaymentFact,
  source: FactSource,
): { parts: MoveParts; result: AdvanceResult } {
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
      return { parts: refuse(account, situation, fact, source, decision.why), result };
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
