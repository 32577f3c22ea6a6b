import type { PresentationKind } from '../presentation.ts';
import type {
  CloseOutcome,
  CreateOrder,
  CreateOutcome,
  PaymentFact,
  Refused,
  Traced,
  Unknown,
  WalletAccount,
} from '../wallet.ts';

/** Several sellers' orders paid at once, all or none; refunded and split part by part. */
export interface CombinedPart {
  readonly wallet_reference: string;
  readonly amount: bigint;
  readonly description: string;
  /** The seller's number at the wallet; absent for the account's own merchant. */
  readonly sub_merchant?: string;
  readonly hold?: boolean;
  readonly max_subsidy?: bigint;
}

export type CombinedOrder = Omit<
  CreateOrder,
  'amount' | 'sub_merchant' | 'hold' | 'max_subsidy'
> & {
  readonly parts: readonly CombinedPart[];
};

export type CombinedQueryOutcome =
  | ({ readonly kind: 'facts'; readonly parts: readonly PaymentFact[] } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface CombinedOrders {
  readonly max_parts: number;
  /** The most of this account, where accounts differ. */
  maxParts?(account: WalletAccount): number;
  readonly presentations: readonly PresentationKind[];
  create(account: WalletAccount, order: CombinedOrder): Promise<CreateOutcome>;
  query(account: WalletAccount, order: CombinedOrder): Promise<CombinedQueryOutcome>;
  close(account: WalletAccount, order: CombinedOrder): Promise<CloseOutcome>;
}
