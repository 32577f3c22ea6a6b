import type { OnboardingFact } from './products/onboarding.ts';
import type { ConsentFact } from './products/payout-consents.ts';
import type { PayoutFact } from './products/payouts.ts';
import type { WithdrawalFact } from './products/seller-funds.ts';
import type { SplitFact } from './products/splits.ts';
import type { PaymentFact, RefundFact } from './wallet.ts';

/** The HTTP request of a notification exactly as it arrived. */
export interface RawNotification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Real time of arrival, for the replay window of signatures. */
  readonly received_at: Date;
}

export interface ToldSplit {
  readonly about: 'split';
  readonly fact: SplitFact;
  /** Told to a receiver of its own part, the only one in the fact: the merchant that paid it. */
  readonly paid_by?: string;
}

export type NotificationFact =
  | { readonly about: 'payment'; readonly fact: PaymentFact }
  | { readonly about: 'refund'; readonly fact: RefundFact }
  /** Several orders paid at once under one number; the facts are those of its parts. */
  | {
      readonly about: 'combined';
      readonly wallet_reference: string;
      readonly facts: readonly PaymentFact[];
    }
  | { readonly about: 'payout'; readonly fact: PayoutFact }
  | { readonly about: 'payout_consent'; readonly fact: ConsentFact }
  | ToldSplit
  | { readonly about: 'onboarding'; readonly fact: OnboardingFact }
  | { readonly about: 'withdrawal'; readonly fact: WithdrawalFact }
  /** Genuine, but of a kind the hub has no use for: acknowledged, and no more. */
  | { readonly about: 'other'; readonly type: string };

/** What the hub stores and acts on. */
export type HeardNotification = Extract<
  NotificationFact,
  { about: 'payment' | 'refund' | 'combined' | 'payout' | 'withdrawal' | 'split' }
>;

const HEARD: readonly NotificationFact['about'][] = [
  'payment',
  'refund',
  'combined',
  'payout',
  'withdrawal',
  'split',
];

export function isHeard(content: NotificationFact): content is HeardNotification {
  return HEARD.includes(content.about);
}

/** Our numbers in a notification; the first one names its book. */
export function referencesOf(content: HeardNotification): readonly [string, ...string[]] {
  switch (content.about) {
    case 'payment':
      return [content.fact.wallet_reference];
    case 'refund':
      return [content.fact.wallet_reference, content.fact.refund_reference];
    case 'combined':
      return [
        content.wallet_reference,
        ...content.facts.map(({ wallet_reference }) => wallet_reference),
      ];
    case 'payout':
      return [content.fact.payout_reference];
    case 'withdrawal':
      return [content.fact.withdrawal_reference];
    case 'split':
      return [content.fact.split_reference];
    default:
      return content satisfies never;
  }
}

export type VerifiedNotification =
  | {
      readonly kind: 'verified';
      /** The wallet's stable id of the fact (its transaction or refund number). */
      readonly fact_id: string;
      /** The state the fact is in; `fact_id` and `fact_state` together are unique per account. */
      readonly fact_state: string;
      readonly content: NotificationFact;
      /** The decrypted message, masked, for the timeline. */
      readonly masked: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'refused';
      /** Which check failed. */
      readonly reason:
        | 'signature'
        | 'stale'
        | 'unknown_key'
        | 'decrypt'
        | 'malformed'
        | 'wrong_account';
      readonly message: string;
    };

/** The HTTP answer a wallet expects to a notification. */
export interface NotificationAnswer {
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
}
