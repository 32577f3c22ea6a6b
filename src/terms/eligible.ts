import type { App } from '../app.ts';
import { LIMIT_MARGIN_DAYS } from '../escrow/hold.ts';
import type { IneligibleReason } from '../payments/payment.ts';
import { splitLimits, whyNotParts } from '../profit-sharing/limits.ts';
import { RATE_UNIT, type Share, sumOf } from '../profit-sharing/shares.ts';
import { findReceivers } from '../receivers/find.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { maxRate } from './max-rate.ts';
import type { PaymentTerms } from './terms.ts';

/** Why this wallet account cannot keep the terms of a payment; null when it can. */
export async function whyNotHeld(
  app: App,
  at: {
    readonly wallet: WalletName;
    readonly wallet_account_id: string;
    readonly sub_merchant: string | null;
  },
  { amount, terms }: { readonly amount: bigint; readonly terms: PaymentTerms | null },
): Promise<IneligibleReason | null> {
  if (terms === null) return null;
  const account = await app.wallets.account(at.wallet_account_id);
  const limits = account && splitLimits(app.wallets.connector(at.wallet), account);
  if (!limits) return 'no_holds';
  const { release_after_days, shares } = terms;
  if ((release_after_days ?? 0) + LIMIT_MARGIN_DAYS > limits.hold_days) return 'hold_too_short';
  const receivers = await findReceivers(
    app,
    shares.map(({ receiver }) => receiver),
  );
  const there = (share: Share) => receivers.get(share.receiver)?.accounts[at.wallet];
  if (!shares.every(there)) return 'receiver_not_there';
  const paid = shares.filter((share) => share.amount > 0n);
  const why = whyNotParts(
    limits,
    paid.flatMap((share) => there(share)?.account ?? []),
  );
  // The wallet is asked last, and only where there is something to ask about.
  if (why !== null || paid.length === 0) return why;
  const most = await maxRate(app, { account, sub_merchant: at.sub_merchant }, limits);
  return sumOf(paid) * RATE_UNIT > amount * most ? 'shares_too_large' : null;
}
