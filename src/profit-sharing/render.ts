import type { App } from '../app.ts';
import { amountOnWire } from '../payments/render.ts';
import type { SplitOrder } from './split-order.ts';

export function renderSplit(app: Pick<App, 'config'>, order: SplitOrder) {
  return {
    id: order.id,
    object: 'split' as const,
    created_at: order.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    hold: order.hold_id,
    payment: order.payment_id,
    kind: order.kind,
    state: order.state,
    why: order.why,
    amount: amountOnWire(order.amount),
    currency: 'CNY' as const,
    merchant_amount: amountOnWire(order.merchant_amount),
    parts: order.parts.flatMap(({ receiver, role, amount, description, state, reason }) =>
      receiver === null
        ? []
        : [{ receiver, role, amount: amountOnWire(amount), description, state, reason }],
    ),
    refund: order.refund_id,
    split_reference: order.split_reference,
    refusal: order.state === 'refused' ? order.refusal : null,
    finished_at: order.finished_at?.toISOString() ?? null,
  };
}
