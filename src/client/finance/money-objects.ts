import type { WalletName } from '../objects.ts';

/** Sellers' money as JSON has it: fen, and days in Asia/Shanghai. */
export type Custody = 'merchant_own' | 'wallet_held' | 'hub_held' | (string & {});

export interface AccountBalance {
  readonly wallet: WalletName;
  readonly wallet_account: string;
  readonly custody: Custody;
  readonly posted: number;
  readonly reserved: number;
  readonly available: number;
  /** Settled, and not paid out. */
  readonly settled: number;
}

export interface Balance {
  readonly object: 'balance';
  readonly merchant: string;
  readonly currency: 'CNY';
  /** What the books owe the seller; below zero when the seller owes. */
  readonly posted: number;
  /** Refunds and payouts on their way out of it. */
  readonly reserved: number;
  readonly available: number;
  readonly accounts: readonly AccountBalance[];
}

export interface StatementLine {
  readonly id: string;
  readonly at: string;
  readonly kind:
    | 'payment'
    | 'refund'
    | 'wallet_fee'
    | 'platform_fee'
    | 'share'
    | 'payout'
    | 'payout_returned'
    | 'adjustment'
    | (string & {});
  /** Signed. */
  readonly amount: number;
  /** The balance after it. */
  readonly balance: number;
  readonly payment: string | null;
  readonly payout: string | null;
  readonly order_reference: string | null;
  readonly wallet: WalletName | null;
}

/** One page; pages of one statement belong together. */
export interface Statement {
  readonly object: 'statement';
  readonly merchant: string;
  readonly from: string;
  readonly to: string;
  readonly currency: 'CNY';
  readonly opening_balance: number;
  readonly closing_balance: number;
  readonly data: readonly StatementLine[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface Settlement {
  readonly id: string;
  readonly object: 'settlement';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly platform: string;
  readonly merchant: string;
  readonly wallet: WalletName;
  readonly wallet_account: string;
  readonly custody: Custody;
  /** The business day. */
  readonly date: string;
  readonly state: 'counted' | 'settled';
  readonly currency: 'CNY';
  readonly gross_amount: number;
  readonly refunded_amount: number;
  readonly wallet_fees: number;
  /** The platform's own shares. */
  readonly platform_fees: number;
  /** Of other receivers. */
  readonly shares: number;
  readonly adjustments: number;
  readonly net_amount: number;
  readonly lines: number;
}

export interface SettlementLine {
  readonly id: string;
  readonly object: 'settlement_line';
  readonly kind:
    | 'gross'
    | 'refund'
    | 'wallet_fee'
    | 'platform_fee'
    | 'share'
    | 'adjustment'
    | (string & {});
  readonly amount: number;
  readonly currency: 'CNY';
  readonly payment: string | null;
  readonly at: string;
}

export interface SettlementRun {
  readonly object: 'settlement_run';
  readonly date: string;
  readonly merchants: number;
  /** Ask again: there are more merchants than one run takes. */
  readonly has_more: boolean;
}

export interface Payout {
  readonly id: string;
  readonly object: 'payout';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly platform: string;
  readonly merchant: string;
  readonly wallet: WalletName;
  readonly wallet_account: string;
  readonly kind: 'transfer' | 'withdrawal';
  readonly state:
    | 'created'
    | 'pending'
    | 'needs_payee'
    | 'unknown'
    | 'succeeded'
    | 'refused'
    | 'cancelled'
    | 'returned';
  readonly amount: number;
  readonly currency: 'CNY';
  readonly payee_hint: string | null;
  readonly payout_reference: string;
  readonly wallet_payout_id: string | null;
  /** In `needs_payee`: what the payee's app needs to ask them. */
  readonly confirmation: Readonly<Record<string, string>> | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly cancel_requested_at: string | null;
  /** The wallet would not give it back: the payout goes on. */
  readonly cancel_refusal: { readonly code: string; readonly message: string } | null;
  readonly succeeded_at: string | null;
}
