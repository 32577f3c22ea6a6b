import type { Id } from '../ids.ts';
import type { WalletName } from '../wallets/wallet.ts';

/** Who may be given shares of a platform's payments: itself, a referrer, a service provider. */
export interface Receiver {
  readonly id: Id<'rcv'>;
  readonly platform_id: string;
  readonly name: string;
  readonly kind: 'merchant' | 'person';
  readonly accounts: { readonly [W in WalletName]?: ReceiverAccount | undefined };
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: Date;
}

export interface ReceiverAccount {
  /** The receiver's number or id at the wallet. */
  readonly account: string;
  /** Registered name; a wallet that checks it refuses a wrong one. Never shown. */
  readonly name?: string | undefined;
}
