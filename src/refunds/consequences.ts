import type { App } from '../app.ts';
import { findAttempts } from '../attempts/find.ts';
import { changePart, type PaymentPart } from '../combined/part.ts';
import { assert } from '../errors.ts';
import { newId } from '../ids.ts';
import { merchantAccount, walletFees } from '../ledger/accounts.ts';
import type { Move, NewPosting } from '../ledger/ledger.ts';
import { feeBetween } from '../merchants/fee-back.ts';
import {
  changePayment,
  joinParts,
  type MoveParts,
  NOTHING,
  paymentEvent,
} from '../payments/changes.ts';
import type { Payment } from '../payments/payment.ts';
import { amountOnWire } from '../payments/render.ts';
import { isFeeBilled, takeFeeAgain } from '../reconciliation/fees/refunds.ts';
import type { RefundFact, WalletAccount } from '../wallets/wallet.ts';
import { changeRefund, refundEvent } from './changes.ts';
import { settleHold } from './holds.ts';
import { isUnfunded, type Refund } from './refund.ts';

/** What each fact about a refund writes: rows, postings and events of one move. */
const FIRST_QUERY_MS = 5_000;

export async function consequences(
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
    postings: ends('post', app, refund),
    events: told(app, 'refund.succeeded', payment, after, 4),
  };
  const held = await settleHold(app, refund, 'succeeded', values.succeeded_at);
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
              amount: amountOnWire(refund.amount),
              why: refund.origin,
            },
          },
        ),
      ],
    });
  }
  const refunded = payment.refunded + refund.amount;
  const part = partOf(payment, refund);
  return joinParts(settled, held, {
    ...NOTHING,
    rows: [
      changePayment(payment, { refunded }),
      ...(part ? [changePart(part, { refunded: part.refunded + refund.amount })] : []),
    ],
    postings: await feeBack(app, account, payment, refund),
  });
}

/** Unless the bill said already what the wallet gives back for it, while it was under way. */
async function feeBack(
  app: App,
  account: WalletAccount,
  payment: Payment,
  refund: Refund,
): Promise<NewPosting[]> {
  const attempt = (await findAttempts(app, payment)).find((a) => a.id === refund.attempt_id);
  assert(attempt, `attempt ${refund.attempt_id} is gone`);
  const order = partOf(payment, refund) ?? payment;
  const grown = [order.refunded, order.refunded + refund.amount] as const;
  const amount = feeBetween(app, attempt.wallet, order.amount, grown);
  if (amount === 0n || (await isFeeBilled(app.db, refund))) return [];
  return [
    {
      kind: 'posted',
      id: newId('pst', payment.book),
      debit: walletFees(account),
      credit: merchantAccount(order.merchant_id),
      amount,
      currency: 'CNY',
      reason: 'wallet_fee_returned',
      subject_id: payment.id,
      business_at: app.clock.now(),
      fact: true,
    },
  ];
}

export async function refusedParts(
  app: App,
  payment: Payment,
  refund: Refund,
  refusal: { code: string; message: string },
): Promise<MoveParts> {
  const changed = { state: 'refused', refusal } as const;
  const part = partOf(payment, refund);
  const requested = refund.origin === 'requested';
  const freed = requested
    ? [changePayment(payment, { refund_reserved: payment.refund_reserved - refund.amount })]
    : [];
  if (requested && part) {
    freed.push(changePart(part, { refund_reserved: part.refund_reserved - refund.amount }));
  }
  const hold = await settleHold(app, refund, 'refused', app.clock.now());
  return joinParts(hold, await takeFeeAgain(app, refund), {
    ...NOTHING,
    rows: [changeRefund(refund, { ...changed, next_query_at: null }), ...freed],
    postings: ends('void', app, refund),
    events: [refundEvent(app, 'refund.refused', payment, { ...refund, ...changed }, 4)],
  });
}

function partOf(payment: Payment, { part_id }: Refund): PaymentPart | undefined {
  return part_id === null ? undefined : payment.parts.find(({ id }) => id === part_id);
}

function ends(kind: 'post' | 'void', app: App, refund: Refund): NewPosting[] {
  const reserved = [refund.reservation_id, refund.hold_reservation_id].filter((id) => id !== null);
  assert(reserved.length > 0 || isUnfunded(refund), `refund ${refund.id} reserved nothing`);
  return reserved.map((ends) => {
    const id = newId('pst', refund.book);
    return { kind, id, ends, business_at: app.clock.now() };
  });
}
