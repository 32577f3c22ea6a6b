import type { SplitLimits } from '../wallets/products/splits.ts';
import type { Wallet, WalletAccount } from '../wallets/wallet.ts';

/** What this wallet account allows of held money; undefined where nothing can be held. */
export function splitLimits(connector: Wallet, account: WalletAccount): SplitLimits | undefined {
  if (!connector.splits || connector.capabilities.max_hold_days === 0) return undefined;
  return connector.splits.limitsOf?.(account) ?? connector.splits.limits;
}

/** Why one request of this wallet cannot have parts for these of its accounts; null when it can. */
export function whyNotParts(
  limits: SplitLimits,
  accounts: readonly string[],
): 'shares_too_large' | 'receiver_twice' | null {
  if (accounts.length > limits.max_parts) return 'shares_too_large';
  const twice = limits.distinct_parts && new Set(accounts).size < accounts.length;
  return twice ? 'receiver_twice' : null;
}
