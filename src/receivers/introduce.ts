import type { App } from '../app.ts';
import type { ReceiverOutcome } from '../wallets/products/splits.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { insertIntroduction, isIntroduced } from './queries.ts';
import type { Receiver } from './receiver.ts';

/**
 * Tells a wallet, once for each account of ours there, that money may go to this receiver.
 * Undefined when the wallet knows: telling it again is harmless, so a crash in between is too.
 */
export async function introduce(
  app: App,
  account: WalletAccount,
  receiver: Receiver,
): Promise<ReceiverOutcome | undefined> {
  const at = receiver.accounts[account.wallet];
  const { splits } = app.wallets.connector(account.wallet);
  if (!at || !splits) return undefined;
  if (await isIntroduced(app.db, receiver.id, account.id)) return undefined;
  const { name } = at;
  const outcome = await splits.addReceiver(account, {
    kind: receiver.kind,
    account: at.account,
    ...(name === undefined ? {} : { name }),
  });
  if (outcome.kind === 'done') await insertIntroduction(app.db, receiver.id, account.id);
  return outcome;
}
