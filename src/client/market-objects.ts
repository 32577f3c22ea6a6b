import type { Metadata, WalletName } from './objects.ts';

/** Held money and its shares as JSON has them. */
export type ShareRole = 'platform' | 'referrer' | 'service_provider' | (string & {});

export interface Hold {
  readonly id: string;
  readonly object: 'hold';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly payment: string;
  readonly merchant: string;
  readonly wallet: WalletName;
  readonly capture: 'instant' | 'escrow';
  readonly state: 'held' | 'releasing' | 'released' | 'returned';
  readonly amount: number;
  readonly currency: 'CNY';
  /** Held, and not on its way anywhere. */
  readonly held_amount: number;
  readonly released_amount: number;
  readonly shared_amount: number;
  readonly returned_amount: number;
  readonly reserved_amount: number;
  readonly releasable_at: string;
  /** Released by itself then, unless disputed. */
  readonly release_at: string;
  /** The wallet gives it to the merchant then, whatever anybody says. */
  readonly wallet_limit_at: string;
  readonly shipped_at: string | null;
  readonly shipment: { readonly carrier: string; readonly number: string } | null;
  readonly disputed_at: string | null;
  readonly dispute_reason: string | null;
  readonly closed_at: string | null;
}

export interface Split {
  readonly id: string;
  readonly object: 'split';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly hold: string;
  readonly payment: string;
  readonly kind: 'split' | 'release' | 'return';
  readonly state: 'created' | 'pending' | 'unknown' | 'finished' | 'refused';
  readonly why: string;
  readonly amount: number;
  readonly currency: 'CNY';
  readonly merchant_amount: number;
  readonly parts: readonly {
    readonly receiver: string;
    readonly role: ShareRole | null;
    readonly amount: number;
    readonly description: string;
    readonly state: 'pending' | 'succeeded' | 'refused';
    /** The wallet's own word for why it refused. */
    readonly reason: string | null;
  }[];
  readonly refund: string | null;
  readonly split_reference: string;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly finished_at: string | null;
}

export interface Receiver {
  readonly id: string;
  readonly object: 'receiver';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly platform: string;
  readonly name: string;
  readonly kind: 'merchant' | 'person';
  readonly accounts: {
    readonly wechat_pay: { readonly account: string } | null;
    readonly alipay: { readonly account: string } | null;
  };
  readonly metadata: Metadata;
}
