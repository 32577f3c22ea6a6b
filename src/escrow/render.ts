import type { App } from '../app.ts';
import { amountOnWire } from '../payments/render.ts';
import { type Hold, leftOf } from './hold.ts';

export function renderHold(app: Pick<App, 'config'>, hold: Hold) {
  return {
    id: hold.id,
    object: 'hold' as const,
    created_at: hold.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    payment: hold.payment_id,
    merchant: hold.merchant_id,
    wallet: hold.wallet,
    capture: hold.capture,
    state: hold.state,
    amount: amountOnWire(hold.amount),
    currency: 'CNY' as const,
    held_amount: amountOnWire(leftOf(hold)),
    released_amount: amountOnWire(hold.released),
    shared_amount: amountOnWire(hold.shared),
    returned_amount: amountOnWire(hold.returned),
    reserved_amount: amountOnWire(hold.reserved),
    releasable_at: hold.releasable_at.toISOString(),
    release_at: hold.release_at.toISOString(),
    wallet_limit_at: hold.wallet_limit_at.toISOString(),
    shipped_at: hold.shipped_at?.toISOString() ?? null,
    shipment: hold.shipment,
    disputed_at: hold.disputed_at?.toISOString() ?? null,
    dispute_reason: hold.dispute_reason,
    closed_at: hold.closed_at?.toISOString() ?? null,
  };
}
