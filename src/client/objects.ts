import type { ShareRole } from './market-objects.ts';

/**
 * The objects of the API as JSON has them: snake_case, amounts in minor units (fen), times in RFC
 * 3339 UTC. New members may be added at any time; ignore what you do not know.
 */
export type WalletName = 'wechat_pay' | 'alipay' | 'union_pay' | 'douyin_pay' | (string & {});
export type Metadata = Readonly<Record<string, string>>;

export interface List<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface OrderItem {
  readonly name: string;
  readonly quantity: number;
  readonly unit_amount: number;
}

export interface Payment {
  readonly id: string;
  readonly object: 'payment';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly state: 'requires_wallet' | 'pending' | 'succeeded' | 'closed';
  readonly amount: number;
  readonly currency: 'CNY';
  readonly refunded_amount: number;
  readonly description: string;
  readonly platform: string;
  /** Of a combined order its first seller. */
  readonly merchant: string;
  /** Several sellers' orders; none in a payment for one merchant. */
  readonly parts: readonly {
    readonly id: string;
    readonly merchant: string;
    readonly amount: number;
    readonly refunded_amount: number;
    readonly description: string;
    readonly reference: string;
  }[];
  readonly order: {
    readonly reference: string;
    readonly url: string | null;
    readonly items: readonly OrderItem[];
  };
  readonly capture: 'instant' | 'escrow';
  readonly release_after_days: number | null;
  readonly splits: readonly {
    readonly receiver: string;
    readonly role: ShareRole;
    readonly amount: number;
    readonly description: string;
  }[];
  /** The held money, once a payment in escrow or with splits is paid. */
  readonly hold: string | null;
  /** The wallet that paid. */
  readonly wallet: WalletName | null;
  /** Where to send the shopper; null in events, which may be stored and forwarded. */
  readonly checkout_url: string | null;
  readonly return_url: string | null;
  readonly expires_at: string;
  readonly paid_at: string | null;
  readonly closed_at: string | null;
  readonly close_reason: 'expired' | 'cancelled' | null;
  readonly metadata: Metadata;
}

export interface Presentation {
  readonly kind: 'qr' | 'page' | 'h5' | 'form' | 'in_app' | 'app' | 'mini_program' | (string & {});
  readonly qr?: string;
  readonly url?: string;
  /** `form`: send the browser to `url` by POST with these. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
}

/** What the payer's browser or app is; it decides which presentations work. */
export type ClientKind = 'desktop' | 'phone' | 'wechat' | 'alipay' | 'unionpay';

export interface WalletChoice {
  readonly wallet: WalletName;
  readonly eligible: boolean;
  /** Why it may not take this payment here and now. */
  readonly reason: string | null;
  readonly presentation: Presentation['kind'] | null;
}

export interface Attempt {
  readonly id: string;
  readonly object: 'attempt';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly payment: string;
  readonly wallet: WalletName;
  readonly state:
    | 'created'
    | 'presented'
    | 'unknown'
    | 'succeeded'
    | 'refused'
    | 'closed'
    | 'abandoned';
  readonly wallet_reference: string;
  readonly amount: number;
  readonly currency: 'CNY';
  readonly presentation: Presentation | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly expires_at: string;
}

export interface Refund {
  readonly id: string;
  readonly object: 'refund';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly payment: string;
  /** Of a combined order. */
  readonly part: string | null;
  readonly state: 'created' | 'pending' | 'succeeded' | 'refused' | 'needs_action' | 'unknown';
  /** `requested` by you; the others are money that the hub sent back by itself. */
  readonly origin: 'requested' | 'late_success' | 'double_payment';
  readonly amount: number;
  readonly currency: 'CNY';
  readonly reason: string;
  readonly reference: string;
  readonly wallet_refund_id: string | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly succeeded_at: string | null;
  readonly metadata: Metadata;
}

export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly kind:
    | 'event'
    | 'step'
    | 'wallet_call'
    | 'notification'
    | 'posting'
    | 'webhook'
    | 'break'
    | (string & {});
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface WebhookEndpoint {
  readonly id: string;
  readonly object: 'webhook_endpoint';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly platform: string;
  readonly url: string;
  /** Empty = every type. */
  readonly event_types: readonly string[];
  readonly state: 'enabled' | 'disabled';
  readonly disabled_reason: string | null;
  /** `whpk_…`: verifies the `v1a` signatures; changes with the secret. */
  readonly public_key: string;
  /** Until then the secret before the rotation signs too. */
  readonly previous_secret_until: string | null;
}

/** Only creation and rotation show the secret, once. */
export interface WebhookEndpointWithSecret extends WebhookEndpoint {
  readonly secret: string;
}

export interface Delivery {
  readonly id: string;
  readonly object: 'delivery';
  readonly created_at: string;
  readonly livemode: boolean;
  readonly event: string;
  readonly event_type: string;
  readonly endpoint: string;
  readonly payment: string | null;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly tries: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly next_at: string | null;
  readonly delivered_at: string | null;
}
