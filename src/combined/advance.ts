import type { App } from '../app.ts';
import { askWallet } from '../attempts/ask-wallet.ts';
import { findAttempts, paymentIdOfReference } from '../attempts/find.ts';
import { homeOf } from '../books.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import type { RowChange } from '../ledger/ledger.ts';
import { submitRows } from '../ledger/settle-fact.ts';
import { advance } from '../payments/advance.ts';
import type { AdvanceResult, FactSource, Misfit, Situation } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import { refuse } from '../payments/misfits.ts';
import type { PaymentFact, WalletAccount } from '../wallets/wallet.ts';
import { type AttemptPart, nameTransaction } from './attempt-part.ts';
import { judgeParts, misfit } from './judge.ts';
import { endPartlyPaid, noticePartlyPaid } from './partly-paid.ts';
import { selectAttemptParts, selectPartByReference } from './queries.ts';

/**
 * Facts about the parts of a combined order, whoever speaks: together they take the one way of
 * every payment. A wallet that tells of one part only is asked about all of them.
 */
type Also = (result: AdvanceResult) => readonly RowChange[];

export interface PartFacts {
  /** The number of the whole. */
  readonly wallet_reference: string;
  readonly facts: readonly PaymentFact[];
}

export async function advanceCombined(
  app: App,
  account: WalletAccount,
  told: PartFacts,
  source: FactSource,
  also: Also = () => [],
): Promise<AdvanceResult> {
  const { wallet_reference, facts } = told;
  const book = await homeOf(app, wallet_reference);
  const at = { book, account_id: account.id, wallet_reference };
  const payment_id = await paymentIdOfReference(app, at);
  if (payment_id === undefined) return advanceUnknown(app, account, book, told, source, also);
  const situation = await situationOf(app, account, payment_id, (attempt) => {
    return attempt.wallet_reference === wallet_reference;
  });
  const parts = await selectAttemptParts(app.db, book, situation.attempt.id);
  const judged = judgeParts(parts, facts, situation.wallet_merchant);
  switch (judged.kind) {
    case 'whole': {
      const fact = { ...judged.fact, wallet_reference };
      const rows = (result: AdvanceResult) => [...transactions(result, facts), ...also(result)];
      const result = await advance(app, account, fact, source, rows, { by_parts: true });
      if (fact.state === 'paid') await endPartlyPaid(app, account, situation);
      return result;
    }
    case 'partly':
      await noticePartlyPaid(app, account, situation, facts, source);
      return settle(app, book, payment_id, 'partly_paid', also);
    case 'refuse':
      return refusePart(app, account, { situation, fact: judged.fact, source, also }, judged.why);
    default:
      return judged satisfies never;
  }
}

/** Refunds want each part's own number at the wallet. */
function transactions({ outcome }: AdvanceResult, facts: readonly PaymentFact[]): RowChange[] {
  if (outcome !== 'succeed' && outcome !== 'return') return [];
  return facts.flatMap(({ wallet_reference, wallet_transaction_id: id }) =>
    id === undefined ? [] : [nameTransaction(wallet_reference, id)],
  );
}

/** The part of a combined order with this number at this account, if there is one. */
export function findPart(
  app: App,
  book: Book,
  account: WalletAccount,
  reference: string,
): Promise<AttemptPart | undefined> {
  return selectPartByReference(app.db, book, account.id, reference);
}

/** The wallet cannot be asked now, or says less than its notification: asked again later. */
export class NotToldYet extends Error {
  constructor(wallet_reference: string) {
    super(`the wallet does not tell of all parts of ${wallet_reference} yet`);
  }
}

/** One part is told of; the others are asked for, and all of them judged together. */
export async function advancePart(
  app: App,
  account: WalletAccount,
  part: AttemptPart,
  fact: PaymentFact,
  source: FactSource,
  also: Also,
): Promise<AdvanceResult> {
  const { book, payment_id, attempt_id } = part;
  const situation = await situationOf(app, account, payment_id, ({ id }) => id === attempt_id);
  const why = misfit(part, fact, situation.wallet_merchant);
  if (why) return refusePart(app, account, { situation, fact, source, also }, why);
  const { attempt } = situation;
  if (fact.state === 'waiting' || attempt.state === 'succeeded' || attempt.returned > 0n) {
    return settle(app, book, payment_id, 'ignore', also);
  }
  const outcome = await askWallet(app, attempt, account);
  if (outcome.kind === 'fact') return settle(app, book, payment_id, 'asked_for_all', also);
  throw new NotToldYet(attempt.wallet_reference);
}

async function situationOf(
  app: App,
  account: WalletAccount,
  payment_id: string,
  is: (attempt: Situation['attempt']) => boolean,
): Promise<Situation> {
  const payment = await findPayment(app, payment_id);
  assert(payment, `payment ${payment_id} is gone`);
  const attempts = await findAttempts(app, payment);
  const attempt = attempts.find(is);
  assert(attempt, `an attempt of ${payment_id} is gone`);
  const wallet_merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  return { payment, attempt, attempts, wallet_merchant };
}

interface Refused {
  readonly situation: Situation;
  readonly fact: PaymentFact;
  readonly source: FactSource;
  readonly also: Also;
}

async function refusePart(
  app: App,
  account: WalletAccount,
  { situation, fact, source, also }: Refused,
  why: Misfit,
): Promise<AdvanceResult> {
  const { book, id: payment_id } = situation.payment;
  const result = { outcome: 'refuse', why, payment_id } as const;
  const parts = await refuse(app, account, situation, fact, source, why);
  const rows = [...parts.rows, ...also(result)];
  const done = await app.ledger.submit({ book, ...parts, rows });
  // The break is there already: say only what remains to be said.
  if (done.kind === 'taken') await settle(app, book, payment_id, 'refuse', also);
  return result;
}

async function settle(
  app: App,
  book: Book,
  payment_id: string,
  why: string,
  also: Also,
): Promise<AdvanceResult> {
  const outcome = why === 'refuse' ? ('refuse' as const) : ('ignore' as const);
  const result = { outcome, why, payment_id };
  await submitRows(app, book, also(result));
  return result;
}

/** Nobody ordered it: each part's money is safe in suspense, with a break. */
async function advanceUnknown(
  app: App,
  account: WalletAccount,
  book: Book,
  { facts }: PartFacts,
  source: FactSource,
  also: Also,
): Promise<AdvanceResult> {
  for (const fact of facts) await advance(app, account, fact, source);
  const result = { outcome: 'unknown_order', why: 'unknown_order', payment_id: null } as const;
  await submitRows(app, book, also(result));
  return result;
}
