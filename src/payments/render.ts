import type { App } from '../app.ts';
import { holdIdOf } from '../escrow/hold.ts';
import { checkoutUrl } from './checkout-token.ts';
import type { Payment } from './payment.ts';

/** Objects as the API shows them: amounts are JSON integers (they stay below 2^53). */
export function amountOnWire(amount: bigint): number {
  if (amount > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('amount beyond JSON integers');
  return Number.parseInt(amount.toString(), 10);
}

export function renderPayment(app: Pick<App, 'vault' | 'public_url' | 'config'>, payment: Payment) {
  return {
    id: payment.id,
    object: 'payment' as const,
    created_at: payment.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    state: payment.state,
    amount: amountOnWire(payment.amount),
    currency: payment.currency,
    refunded_amount: amountOnWire(payment.refunded),
    description: payment.description,
    platform: payment.platform_id,
    merchant: payment.merchant_id,
    parts: payment.parts.map((part) => ({
      id: part.id,
      merchant: part.merchant_id,
      amount: amountOnWire(part.amount),
      refunded_amount: amountOnWire(part.refunded),
      description: part.description,
      reference: part.reference,
    })),
    order: {
      reference: payment.order_reference,
      url: payment.order_url,
      items: payment.order_items.map((item) => ({
        name: item.name,
        quantity: item.quantity,
        unit_amount: amountOnWire(item.unit_amount),
      })),
    },
    capture: payment.terms?.capture ?? ('instant' as const),
    release_after_days: payment.terms?.release_after_days ?? null,
    splits: (payment.terms?.shares ?? []).map(({ receiver, role, amount, description }) => ({
      receiver,
      role,
      amount: amountOnWire(amount),
      description,
    })),
    hold: payment.terms && payment.state === 'succeeded' ? holdIdOf(payment.id) : null,
    wallet: payment.wallet,
    checkout_url: checkoutUrl(app, payment),
    return_url: payment.return_url,
    expires_at: payment.expires_at.toISOString(),
    paid_at: payment.paid_at?.toISOString() ?? null,
    closed_at: payment.closed_at?.toISOString() ?? null,
    close_reason: payment.close_reason,
    metadata: payment.metadata,
  };
}
