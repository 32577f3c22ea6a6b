import type { RefundOrder, RefundOutcome, WalletAccount } from '../wallet.ts';

/**
 * Refunds that cannot reach the payer the way the payment came (`needs_action`): somebody names
 * another way.
 */
export type RefundTarget =
  /** The payer's own debit card; number and name go to the wallet encrypted and are never kept. */
  | {
      readonly kind: 'payer_card';
      /** The bank as the wallet names it. */
      readonly bank: string;
      readonly card_number: string;
      readonly holder_name: string;
    }
  /** Back to the merchant's bank account; the merchant settles with the payer itself. */
  | { readonly kind: 'merchant_account' };

export interface StuckRefund
  extends Pick<RefundOrder, 'refund_reference' | 'wallet_reference' | 'sub_merchant'> {
  /** The wallet's own number, as its facts about the refund say it. */
  readonly wallet_refund_id: string;
}

export interface StuckRefunds {
  /** The same wish may be sent again; it ends in the refund's facts, as a query would. */
  resolve(
    account: WalletAccount,
    refund: StuckRefund,
    target: RefundTarget,
  ): Promise<RefundOutcome>;
}
