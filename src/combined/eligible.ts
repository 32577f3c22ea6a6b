import type { App } from '../app.ts';
import type { IneligibleReason, Payment } from '../payments/payment.ts';
import { requireAccount } from '../wallets/registry.ts';
import { type PresentationKind, WALLETS, type WalletName } from '../wallets/wallet.ts';
import { type SharedEnrolment, selectSharedEnrolments } from './queries.ts';

/** Per wallet: the account that all sellers of a combined order share. */
export function sharedEnrolments(app: App, payment: Payment): Promise<SharedEnrolment[]> {
  const sellers = payment.parts.map(({ merchant_id }) => merchant_id);
  return selectSharedEnrolments(app.db, WALLETS, payment.platform_id, sellers);
}

/** Why a wallet cannot take these parts at once; null where it can, or there are none. */
export async function whyNotCombined(
  app: App,
  { parts }: Payment,
  { wallet, wallet_account_id }: { wallet: WalletName; wallet_account_id: string },
  presentation: PresentationKind,
): Promise<IneligibleReason | null> {
  if (parts.length === 0) return null;
  const { combined, capabilities } = app.wallets.connector(wallet);
  if (!combined) return 'no_combined_orders';
  const account = await requireAccount(app.wallets, wallet_account_id);
  const most = combined.maxParts?.(account) ?? combined.max_parts;
  if (parts.length > most) return 'too_many_parts';
  if (!combined.presentations.includes(presentation)) return 'not_in_this_browser';
  if (parts.some(({ amount }) => amount < capabilities.min_amount)) return 'amount_too_small';
  return null;
}
