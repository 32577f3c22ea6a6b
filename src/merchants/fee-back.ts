import type { App } from '../app.ts';
import { feeEstimate } from '../payments/consequences.ts';
import type { WalletName } from '../wallets/wallet.ts';

/**
 * The fee that comes back while the sum refunded of an order grows: pro rata, by cumulative
 * rounding, so that n partial refunds return what one would.
 */
export function feeBetween(
  app: App,
  wallet: WalletName,
  amount: bigint,
  [before, after]: readonly [before: bigint, after: bigint],
): bigint {
  const fee = feeEstimate(app, { wallet, amount });
  return (fee * after) / amount - (fee * before) / amount;
}
