import type { App } from '../app.ts';
import type { ReceiverOutcome } from '../wallets/products/splits.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { insertIntroduction, isIntroduced } from './queries.ts';
import type { Receiver } from './receiver.ts';

/**
 * Tells a wallet, once for each account of ours there and each seller under it, that money may go
 * to this receiver. Undefined when the wallet knows: telling it again is harmless.
 */
export async function introduce(
  app: App,
  payer: { readonly account: WalletAccount; readonly sub_merchant: string | null },
  receiver: Receiver,
): Promise<ReceiverOutcome | undefined> {
  const { account, sub_merchant } = payer;
  const at = receiver.accounts[account.wallet];
  const { splits } = app.wallets.connector(account.wallet);
  if (!at || !splits) return undefined;
  const named = {
    receiver_id: receiver.id,
    wallet_account_id: account.id,
    sub_merchant: sub_merchant ?? '',
  };
  if (await isIntroduced(app.db, named)) return undefined;
  const { name } = at;
  const outcome = await splits.addReceiver(account, {
    kind: receiver.kind,
    account: at.account,
    ...(name === undefined ? {} : { name }),
    ...(sub_merchant === null ? {} : { sub_merchant }),
  });
  if (outcome.kind === 'done') await insertIntroduction(app.db, named);
  return outcome;
}
