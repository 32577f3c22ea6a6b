import type { App } from '../app.ts';
import type { Attempt } from '../payments/payment.ts';
import { amountOnWire } from '../payments/render.ts';

export function renderAttempt(app: Pick<App, 'config'>, attempt: Attempt) {
  return {
    id: attempt.id,
    object: 'attempt' as const,
    created_at: attempt.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    payment: attempt.payment_id,
    wallet: attempt.wallet,
    state: attempt.state,
    wallet_reference: attempt.wallet_reference,
    amount: amountOnWire(attempt.amount),
    currency: 'CNY' as const,
    presentation: attempt.presentation_data,
    refusal: attempt.refusal,
    expires_at: attempt.expires_at.toISOString(),
  };
}
