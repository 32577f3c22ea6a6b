import type { EventType } from '../../../protocols/wechat-pay/notification.ts';
import type { OrderRecord, RefundRecord } from '../books.ts';
import type { SandboxContext } from '../context.ts';
import { creditClosedRefund } from '../money.ts';
import { refundNotice } from './messages.ts';

/**
 * How an accepted refund goes on: it arrives when its time has come by the business clock, or turns
 * out to be stuck. Each change is told once.
 */
const LOOK_MS = 500;

/** Looks again until it is due, for the business clock may be moved meanwhile. */
export function scheduleSettlement(context: SandboxContext, refund: RefundRecord): void {
  const wait = Math.max(0, refund.due_at - context.clock.now().getTime());
  context.later(
    () => {
      if (refund.status !== 'PROCESSING') return;
      if (context.clock.now().getTime() >= refund.due_at) settle(context, refund);
      else scheduleSettlement(context, refund);
    },
    Math.min(wait, LOOK_MS),
  );
}

/** Refunds that were on their way when the sandbox stopped arrive after all. */
export function resumeRefunds(context: SandboxContext): void {
  for (const refund of context.books.refunds.values()) {
    if (refund.status === 'PROCESSING') scheduleSettlement(context, refund);
  }
}

/** A query notices at once that the time of a delayed refund has come. */
export function settleWhenDue(context: SandboxContext, refund: RefundRecord): void {
  const delayed = refund.due_at > refund.created_at;
  if (delayed && context.clock.now().getTime() >= refund.due_at) settle(context, refund);
}

function settle(context: SandboxContext, refund: RefundRecord): void {
  if (refund.status !== 'PROCESSING') return;
  if (refund.stuck) {
    refund.status = 'ABNORMAL';
    context.books.putRefund(refund);
    tell(context, refund, 'REFUND.ABNORMAL');
    return;
  }
  context.books.finishRefund(refund, context.clock.now().getTime());
  tell(context, refund, 'REFUND.SUCCESS');
}

/** Gives up a refund that has not arrived; what it took comes back. */
export function closeRefund(
  context: SandboxContext,
  order: OrderRecord,
  refund: RefundRecord,
): void {
  creditClosedRefund(context, order, refund);
  context.books.closeRefund(order, refund);
  tell(context, refund, 'REFUND.CLOSED');
}

function tell(context: SandboxContext, refund: RefundRecord, event_type: EventType): void {
  const order = context.books.order(refund.mchid, refund.out_trade_no);
  if (refund.notify_url === null || !order) return;
  context.notices.send({
    mchid: refund.mchid,
    url: refund.notify_url,
    event_type,
    content: refundNotice(order, refund),
  });
}
