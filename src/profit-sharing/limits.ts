import type { SplitLimits } from '../wallets/products/splits.ts';
import type { Wallet, WalletAccount } from '../wallets/wallet.ts';

/** What this wallet account allows of held money; undefined where nothing can be held. */
export function splitLimits(connector: Wallet, account: WalletAccount): SplitLimits | undefined {
  if (!connector.splits || connector.capabilities.max_hold_days === 0) return undefined;
  return connector.splits.limitsOf?.(account) ?? connector.splits.limits;
}
