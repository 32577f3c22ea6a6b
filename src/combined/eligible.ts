import type { App } from '../app.ts';
import type { IneligibleReason, Payment } from '../payments/payment.ts';
import { type PresentationKind, WALLETS, type WalletName } from '../wallets/wallet.ts';
import { type SharedEnrolment, selectSharedEnrolments } from './queries.ts';

/** Per wallet: the account that all sellers of a combined order share. */
export function sharedEnrolments(app: App, payment: Payment): Promise<SharedEnrolment[]> {
  const sellers = payment.parts.map(({ merchant_id }) => merchant_id);
  return selectSharedEnrolments(app.db, WALLETS, payment.platform_id, sellers);
}

/** Why a wallet cannot take these parts at once; null where it can, or there are none. */
export function whyNotCombined(
  app: App,
  { parts }: Payment,
  wallet: WalletName,
  presentation: PresentationKind,
): IneligibleReason | null {
  if (parts.length === 0) return null;
  const { combined, capabilities } = app.wallets.connector(wallet);
  if (!combined) return 'no_combined_orders';
  if (parts.length > combined.max_parts) return 'too_many_parts';
  if (!combined.presentations.includes(presentation)) return 'not_in_this_browser';
  if (parts.some(({ amount }) => amount < capabilities.min_amount)) return 'amount_too_small';
  return null;
}
