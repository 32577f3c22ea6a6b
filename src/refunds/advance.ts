import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { homeOf } from '../books.ts';
import { assert } from '../errors.ts';
import { type Book, newId } from '../ids.ts';
import { merchantAccount, walletFees } from '../ledger/accounts.ts';
import type { Move, NewPosting, RowChange } from '../ledger/ledger.ts';
import {
  changePayment,
  joinParts,
  type MoveParts,
  NOTHING,
  paymentEvent,
} from '../payments/changes.ts';
import { BREAK_ROW, feeEstimate } from '../payments/consequences.ts';
import { findPayment } from '../payments/find.ts';
import type { Payment } from '../payments/payment.ts';
import type { RefundFact, WalletAccount } from '../wallets/wallet.ts';
import { changeRefund, refundEvent } from './changes.ts';
import { selectRefund, selectRefundByWalletNumber } from './queries.ts';
import { isFinal, type Refund, type RefundState } from './refund.ts';

/** The one completion path of a refund, whoever speaks first: answer, notification, query. */
export interface RefundAdvance {
  readonly outcome: 'changed' | 'ignore' | 'refuse' | 'unknown_refund';
  readonly payment_id: string | null;
}

const MAX_ROUNDS = 20;
const FIRST_QUERY_MS = 5_000;

export async function advanceRefund(
  app: App,
  account: WalletAccount,
  fact: RefundFact,
  source: 'notification' | 'query' | 'answer',
  also: (result: RefundAdvance) => readonly RowChange[] = () => [],
): Promise<RefundAdvance> {
  const book = await homeOf(app, fact.refund_reference);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const refund = await selectRefundByWalletNumber(app.db, book, fact.refund_reference);
    const { parts, result } = await judge(app, book, account, refund, fact, source);
    const rows = [...parts.rows, ...also(result)];
    if (rows.length + parts.postings.length === 0) return result;
    const done = await app.ledger.submit({ book, ...parts, rows });
    if (done.kind === 'committed') return result;
    if (done.kind === 'taken' && done.constraint === 'breaks_once') {
      const left = also(result);
      if (left.length > 0) await app.ledger.submit({ book, ...NOTHING, rows: left });
      return result;
    }
    assert(done.kind !== 'refused', 'a refund fact was refused by an account');
  }
  throw new Error(`refund facts for ${fact.refund_reference} keep colliding`);
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
    const move = { book, ...refusedParts(app, payment, refund, refusal) };
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
  source: string,
): Promise<{ parts: MoveParts; result: RefundAdvance }> {
  if (!refund) {
    const result = { outcome: 'unknown_refund', payment_id: null } as const;
    return { parts: strange(book, account, fact, source, 'unknown_refund', null), result };
  }
  const payment_id = refund.payment_id;
  const merchant = app.wallets.connector(account.wallet).merchantNumber(account);
  const wrong = fact.amount !== undefined && fact.amount !== refund.amount;
  if (fact.wallet_merchant !== merchant || wrong) {
    const parts = strange(book, account, fact, source, 'wrong_refund', payment_id);
    return { parts, result: { outcome: 'refuse', payment_id } };
  }
  if (isFinal(refund) || isOlder(fact.state, refund.state)) {
    return { parts: NOTHING, result: { outcome: 'ignore', payment_id } };
  }
  const payment = await paymentOf(app, refund);
  const parts = await consequences(app, account, payment, refund, fact);
  return { parts, result: { outcome: 'changed', payment_id } };
}

/** Says nothing that we did not know. */
function isOlder(told: RefundFact['state'], known: RefundState): boolean {
  if (told === 'pending') return known === 'pending' || known === 'needs_action';
  return told === 'needs_action' && known === 'needs_action';
}

async function consequences(
  app: App,
  account: WalletAccount,
  payment: Payment,
  refund: Refund,
  fact: RefundFact,
): Promise<MoveParts> {
  const wallet_refund_id = fact.wallet_refund_id ?? refund.wallet_refund_id;
  switch (fact.state) {
    case 'pending': {
      const changed = { state: 'pending', wallet_refund_id } as const;
      const next_query_at = new Date(Date.now() + FIRST_QUERY_MS * app.config.retry_pace);
      return {
        ...NOTHING,
        rows: [changeRefund(refund, { ...changed, next_query_at })],
        events: told(app, 'refund.pending', payment, { ...refund, ...changed }, 2),
      };
    }
    case 'needs_action': {
      const changed = { state: 'needs_action', wallet_refund_id } as const;
      return {
        ...NOTHING,
        rows: [changeRefund(refund, { ...changed, next_query_at: null })],
        events: [refundEvent(app, 'refund.needs_action', payment, { ...refund, ...changed }, 3)],
      };
    }
    case 'refused':
      return refusedParts(app, payment, refund, {
        code: 'wallet_refused',
        message: 'the wallet closed the refund',
      });
    case 'succeeded':
      return succeededParts(app, account, payment, refund, {
        wallet_refund_id,
        succeeded_at: fact.refunded_at ?? app.clock.now(),
      });
    default:
      return fact.state satisfies never;
  }
}

/** Money that the hub sends back by itself makes one public event, at its end. */
function told(
  app: App,
  type: 'refund.pending' | 'refund.refused' | 'refund.succeeded',
  payment: Payment,
  refund: Refund,
  sequence: number,
): Move['events'] {
  if (refund.origin !== 'requested') return [];
  return [refundEvent(app, type, payment, refund, sequence)];
}

async function succeededParts(
  app: App,
  account: WalletAccount,
  payment: Payment,
  refund: Refund,
  values: { wallet_refund_id: string | null; succeeded_at: Date },
): Promise<MoveParts> {
  const changed = { state: 'succeeded', ...values } as const;
  const after: Refund = { ...refund, ...changed };
  const settled: MoveParts = {
    ...NOTHING,
    rows: [changeRefund(refund, { ...changed, next_query_at: null })],
    postings: [ends('post', app, refund)],
    events: told(app, 'refund.succeeded', payment, after, 4),
  };
  if (refund.origin !== 'requested') {
    const sequence = payment.sequence + 1;
    return joinParts(settled, {
      ...NOTHING,
      rows: [changePayment(payment, { sequence })],
      events: [
        paymentEvent(
          app,
          'payment.money_returned',
          { ...payment, sequence },
          {
            returned: {
              refund: refund.id,
              amount: Number.parseInt(`${refund.amount}`, 10),
              why: refund.origin,
            },
          },
        ),
      ],
    });
  }
  const refunded = payment.refunded + refund.amount;
  return joinParts(settled, {
    ...NOTHING,
    rows: [changePayment(payment, { refunded })],
    postings: await feeBack(app, account, payment, refund, refunded),
  });
}

/** The fee comes back pro rata, by cumulative rounding: n partial refunds return what one would. */
async function feeBack(
  app: App,
  account: WalletAccount,
  payment: Payment,
  refund: Refund,
  refunded: bigint,
): Promise<NewPosting[]> {
  const attempt = (await findAttempts(app, payment)).find((a) => a.id === refund.attempt_id);
  assert(attempt, `attempt ${refund.attempt_id} is gone`);
  const fee = feeEstimate(app, attempt);
  const share = (total: bigint) => (fee * total) / payment.amount;
  const amount = share(refunded) - share(payment.refunded);
  if (amount === 0n) return [];
  return [
    {
      kind: 'posted',
      id: newId('pst', payment.book),
      debit: walletFees(account),
      credit: merchantAccount(payment.merchant_id),
      amount,
      currency: 'CNY',
      reason: 'wallet_fee_returned',
      subject_id: payment.id,
      business_at: app.clock.now(),
      fact: true,
    },
  ];
}

function refusedParts(
  app: App,
  payment: Payment,
  refund: Refund,
  refusal: { code: string; message: string },
): MoveParts {
  const changed = { state: 'refused', refusal } as const;
  const freed =
    refund.origin === 'requested'
      ? [changePayment(payment, { refund_reserved: payment.refund_reserved - refund.amount })]
      : [];
  return {
    ...NOTHING,
    rows: [changeRefund(refund, { ...changed, next_query_at: null }), ...freed],
    postings: [ends('void', app, refund)],
    events: [refundEvent(app, 'refund.refused', payment, { ...refund, ...changed }, 4)],
  };
}

function ends(kind: 'post' | 'void', app: App, refund: Refund): NewPosting {
  assert(refund.reservation_id, `refund ${refund.id} reserved nothing`);
  const id = newId('pst', refund.book);
  return { kind, id, ends: refund.reservation_id, business_at: app.clock.now() };
}

function strange(
  book: Book,
  account: WalletAccount,
  fact: RefundFact,
  source: string,
  kind: string,
  payment_id: string | null,
): MoveParts {
  const values = {
    wallet_account_id: account.id,
    kind,
    detail: { source, ...fact, amount: fact.amount?.toString() ?? null },
    payment_id,
    subject: fact.refund_reference,
  };
  return { ...NOTHING, rows: [{ op: 'insert', kind: BREAK_ROW, id: newId('brk', book), values }] };
}
