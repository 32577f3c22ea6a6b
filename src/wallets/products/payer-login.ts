import type { WalletAccount } from '../wallet.ts';

/** The round trip that tells the checkout who the payer is, inside the wallet's own browser. */
export interface PayerLogin {
  /** Where to send the browser; `state` comes back unchanged with a one-time code. */
  authorizeUrl(account: WalletAccount, options: { redirect_url: string; state: string }): string;
  /** Name of the query parameter that carries the one-time code on the way back. */
  readonly code_parameter: string;
  /** Exchanges the one-time code for the payer's id; undefined when the wallet refuses it. */
  exchangeCode(account: WalletAccount, code: string): Promise<string | undefined>;
}
