import type { BusinessDate } from '../clock.ts';
import type { Book, Id } from '../ids.ts';
import type { CustodyKind, WalletName } from '../wallets/wallet.ts';

/**
 * A settlement says what one merchant's business day at one wallet account came to.
 *
 *   counted → settled
 *
 * `counted`: the postings of the day are its lines for good, each on one settlement only. What is
 * posted for a day after it was counted settles with the next one. `settled`: its net stands in the
 * merchant's funds. It moves no money: in custody `merchant_own` the wallet pays the merchant by
 * itself, in the others a payout takes what is settled.
 */
export interface Settlement {
  readonly book: Book;
  readonly id: Id<'stl'>;
  readonly version: number;
  readonly platform_id: string;
  readonly merchant_id: string;
  readonly wallet_account_id: string;
  readonly wallet: WalletName;
  readonly custody: CustodyKind;
  readonly business_date: BusinessDate;
  readonly state: 'counted' | 'settled';
  readonly gross: bigint;
  readonly refunds: bigint;
  /** Fees are what they took; negative when more came back than was taken. */
  readonly wallet_fees: bigint;
  /** The platform's own shares. */
  readonly platform_fees: bigint;
  /** What other receivers of shares got, less what they gave back. */
  readonly shares: bigint;
  readonly adjustments: bigint;
  /** gross - refunds - wallet_fees - platform_fees - shares + adjustments */
  readonly net: bigint;
  readonly line_count: number;
  readonly created_at: Date;
}

export const LINE_KINDS = [
  'gross',
  'refund',
  'wallet_fee',
  'platform_fee',
  'share',
  'adjustment',
] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/** What one kind of lines sums to, signed as it changes the merchant's balance. */
export interface LineSum {
  readonly kind: LineKind;
  readonly sum: bigint;
  readonly count: number;
}

export type Totals = Pick<
  Settlement,
  | 'gross'
  | 'refunds'
  | 'wallet_fees'
  | 'platform_fees'
  | 'shares'
  | 'adjustments'
  | 'net'
  | 'line_count'
>;

export function totalsOf(sums: readonly LineSum[]): Totals {
  const of = (kind: LineKind) =>
    sums.filter((entry) => entry.kind === kind).reduce((total, { sum }) => total + sum, 0n);
  return {
    gross: of('gross'),
    refunds: -of('refund'),
    wallet_fees: -of('wallet_fee'),
    platform_fees: -of('platform_fee'),
    shares: -of('share'),
    adjustments: of('adjustment'),
    net: sums.reduce((total, { sum }) => total + sum, 0n),
    line_count: sums.reduce((total, { count }) => total + count, 0),
  };
}
