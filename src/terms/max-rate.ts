import type { App } from '../app.ts';
import type { RateOutcome, SplitLimits } from '../wallets/products/splits.ts';
import type { WalletAccount } from '../wallets/wallet.ts';

/**
 * The largest share of a seller's payments that its wallet lets it give away. It is agreed once and
 * asked for before every checkout, so each process keeps the answers.
 */
export const RATE_KEPT_MS = 4 * 3_600_000;
/** A wallet that did not answer keeps one checkout waiting, and not those of the next minute. */
export const RATE_UNKNOWN_MS = 60_000;
const MAX_KEPT = 10_000;

interface Kept {
  until: number;
  readonly rate: Promise<bigint>;
}

type Asker = Pick<App, 'wallets' | 'clock'>;
export interface Seller {
  readonly account: WalletAccount;
  /** Null where the account sells itself. */
  readonly sub_merchant: string | null;
}

const caches = new WeakMap<Asker['wallets'], Map<string, Kept>>();

/**
 * Hundred-thousandths. Without an answer it is what the wallet said last, and before that what it
 * allows by itself.
 */
export async function maxRate(
  app: Asker,
  { account, sub_merchant }: Seller,
  limits: SplitLimits,
): Promise<bigint> {
  const cache = caches.get(app.wallets) ?? new Map<string, Kept>();
  caches.set(app.wallets, cache);
  const key = `${account.id}/${sub_merchant ?? ''}`;
  const now = () => app.clock.real().getTime();
  const kept = cache.get(key);
  if (kept && kept.until > now()) return kept.rate;
  const asked = app.wallets.connector(account.wallet).splits?.maxRate?.(account, sub_merchant);
  if (!asked) return limits.max_rate;
  const last = kept?.rate ?? Promise.resolve(limits.max_rate);
  const fresh: Kept = {
    until: now() + RATE_KEPT_MS,
    rate: rateOr(asked, last, () => {
      fresh.until = now() + RATE_UNKNOWN_MS;
    }),
  };
  if (cache.size >= MAX_KEPT) cache.clear();
  cache.set(key, fresh);
  fresh.rate.catch(() => cache.delete(key));
  return fresh.rate;
}

async function rateOr(
  asked: Promise<RateOutcome>,
  last: Promise<bigint>,
  onNoAnswer: () => void,
): Promise<bigint> {
  const outcome = await asked;
  if (outcome.kind === 'rate') return outcome.rate;
  onNoAnswer();
  return last;
}
