import type { OrderRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import { limitsOf } from './rules.ts';

/**
 * Money that nobody divided in time becomes the seller's by itself: at the next sweep, or when
 * somebody looks at the payment or at a balance before that.
 */
const SWEEP_MS = 2_000;

export function watchHolds(context: SandboxContext): void {
  releaseOverdue(context);
  context.later(() => watchHolds(context), SWEEP_MS);
}

export function releaseWhenOverdue(context: SandboxContext, order: OrderRecord): void {
  const { clock, funds, sharing } = context;
  if (!order.profit_sharing || order.paid_at === null) return;
  const end = order.paid_at + limitsOf(context, order.mchid).hold_ms;
  if (clock.now().getTime() < end) return;
  const payment = sharing.payment(order.transaction_id ?? '');
  if (payment.released_at !== null) return;
  payment.released_at = end;
  sharing.putPayment(payment);
  funds.unhold(order.transaction_id ?? '');
}

/** All of them, before a balance is shown or taken. */
export function releaseOverdue(context: SandboxContext): void {
  for (const { key } of [...context.funds.holds()]) {
    const order = context.books.orderOfTransaction(key);
    if (order) releaseWhenOverdue(context, order);
  }
}
