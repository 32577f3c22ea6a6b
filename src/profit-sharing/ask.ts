import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { assert } from '../errors.ts';
import type { Book } from '../ids.ts';
import { NOTHING, recordCall } from '../payments/changes.ts';
import { findPayment } from '../payments/find.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import type {
  SplitOutcome,
  SplitReturn,
  SplitReturnOutcome,
  Splits,
} from '../wallets/products/splits.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { Refused, Unknown, WalletAccount } from '../wallets/wallet.ts';
import { advanceReturn, advanceSplit } from './advance.ts';
import { selectSplitOrder } from './queries.ts';
import type { SplitOrder } from './split-order.ts';

/** Questions to the wallet about a request, and what is kept of every call. */
export interface Subject {
  readonly order: SplitOrder;
  readonly payment: Payment;
  readonly attempt: Attempt;
  readonly account: WalletAccount;
  readonly splits: Splits;
}

/**
 * Asks the wallet what became of a request, in whatever state it is; while it is open its answer
 * counts. Undefined where the wallet has no question for it.
 */
export async function askAboutSplit(
  app: App,
  { book, id }: { readonly book: Book; readonly id: string },
): Promise<SplitOutcome | SplitReturnOutcome | undefined> {
  const subject = await readSubject(app, book, id);
  const { order, splits, account } = subject;
  if (order.kind !== 'return') {
    const answer = await querySplit(app, subject);
    if (answer.kind === 'fact') await advanceSplit(app, order, answer.fact);
    return answer;
  }
  if (!splits.queryReturn) return undefined;
  const answer = await splits.queryReturn(account, await wantedReturn(app, subject));
  await record(app, subject, answer);
  if (answer.kind === 'fact') await advanceReturn(app, order, answer.fact);
  return answer;
}

export async function readSubject(app: App, book: Book, id: string): Promise<Subject> {
  const order = await selectSplitOrder(app.db, book, id);
  assert(order, `split ${id} is gone`);
  const payment = await findPayment(app, order.payment_id);
  assert(payment, `payment ${order.payment_id} is gone`);
  const attempts = await findAttempts(app, payment);
  const attempt = attempts.find((entry) => entry.id === payment.succeeded_attempt_id);
  assert(attempt, `payment ${payment.id} has no paid attempt`);
  const account = await requireAccount(app.wallets, attempt.wallet_account_id);
  const { splits } = app.wallets.connector(account.wallet);
  assert(splits, `${account.wallet} cannot split`);
  return { order, payment, attempt, account, splits };
}

export function namesOf({ attempt, order }: Subject) {
  const { wallet_reference, wallet_transaction_id, sub_merchant } = attempt;
  assert(wallet_transaction_id, `attempt ${attempt.id} was paid without a number`);
  const { split_reference } = order;
  const seller = sub_merchant === null ? {} : { sub_merchant };
  return { wallet_reference, wallet_transaction_id, split_reference, ...seller };
}

export async function querySplit(app: App, subject: Subject): Promise<SplitOutcome> {
  const { splits, account } = subject;
  const outcome = await splits.querySplit(account, namesOf(subject));
  await record(app, subject, outcome);
  return outcome;
}

export async function wantedReturn(app: App, subject: Subject): Promise<SplitReturn> {
  const { order } = subject;
  const [part] = order.parts;
  const given = await selectSplitOrder(app.db, order.book, order.returns_id ?? '');
  assert(part && given, `return ${order.id} names no split`);
  return {
    ...namesOf(subject),
    return_reference: order.split_reference,
    split_reference: given.split_reference,
    receiver: { kind: part.kind, account: part.account },
    amount: order.amount,
    description: part.description,
  };
}

type Called = SplitOutcome | SplitReturnOutcome | { readonly kind: 'done' } | Refused | Unknown;

export async function record(
  app: App,
  { attempt }: Subject,
  outcome: Called & Pick<Refused, 'trace'>,
): Promise<void> {
  const word = outcome.kind === 'fact' ? outcome.fact.state : outcome.kind;
  const row = recordCall(attempt, word, outcome.trace);
  await app.ledger.submit({ book: attempt.book, ...NOTHING, rows: [row] });
}
