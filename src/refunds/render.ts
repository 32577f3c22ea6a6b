import type { App } from '../app.ts';
import { amountOnWire } from '../payments/render.ts';
import type { Refund } from './refund.ts';

export function renderRefund(app: Pick<App, 'config'>, refund: Refund) {
  return {
    id: refund.id,
    object: 'refund' as const,
    created_at: refund.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    payment: refund.payment_id,
    part: refund.part_id,
    state: refund.state,
    origin: refund.origin,
    amount: amountOnWire(refund.amount),
    currency: refund.currency,
    reason: refund.reason,
    reference: refund.reference,
    wallet_refund_id: refund.wallet_refund_id,
    refusal: refund.refusal,
    succeeded_at: refund.succeeded_at?.toISOString() ?? null,
    metadata: refund.metadata,
  };
}
