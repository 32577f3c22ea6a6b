import type { NewSplit } from './market.ts';
import type {
  Attempt,
  ClientKind,
  Metadata,
  OrderItem,
  Payment,
  Refund,
  TimelineEntry,
  WalletChoice,
  WalletName,
} from './objects.ts';
import { type Lists, listsOf, type PageQuery } from './pages.ts';
import type { Query, Send } from './transport.ts';

export interface NewPayment {
  /** Left out where `parts` name several. */
  readonly merchant?: string;
  /** Orders of several sellers, paid at once; they sum to `amount`. */
  readonly parts?: readonly {
    readonly merchant: string;
    readonly amount: number;
    readonly description: string;
    readonly reference: string;
  }[];
  /** Fen. */
  readonly amount: number;
  readonly currency: 'CNY';
  readonly description: string;
  readonly order: {
    /** Yours; one payment per reference may be open or paid. */
    readonly reference: string;
    readonly url?: string;
    readonly items?: readonly OrderItem[];
  };
  /** `escrow`: the wallet holds the money until the receipt is confirmed. */
  readonly capture?: 'instant' | 'escrow';
  /** Days after payment, or shipment, when an escrow ends by itself; 10 when absent. */
  readonly release_after_days?: number;
  readonly splits?: readonly NewSplit[];
  /** Whose is what rounding down leaves over; the merchant's when absent. */
  readonly split_remainder?: 'merchant' | 'first_receiver';
  /** RFC 3339; two hours from now when absent. */
  readonly expires_at?: string;
  readonly return_url?: string;
  readonly metadata?: Metadata;
}

export interface NewAttempt {
  readonly wallet: WalletName;
  readonly presentation: 'qr' | 'page' | 'h5' | 'in_app' | 'app' | 'mini_program';
  /** The payer's id at this wallet; required for `in_app`. */
  readonly payer?: string;
  /** The payer's device; wallets want its address for `h5`. */
  readonly client?: { readonly ip?: string };
}

export interface NewRefund {
  /** Of a combined order; needed for one. */
  readonly part?: string;
  /** Fen. */
  readonly amount: number;
  /** Yours; unique within the payment. */
  readonly reference: string;
  readonly reason: string;
  readonly metadata?: Metadata;
}

/** To a debit card of the payer, or to the merchant, who settles with the payer itself. */
export type RefundWay =
  | {
      readonly to: 'payer_card';
      /** As the wallet names it. */
      readonly bank: string;
      readonly card_number: string;
      readonly holder_name: string;
    }
  | { readonly to: 'merchant_account' };

export interface PaymentQuery extends PageQuery {
  readonly state?: Payment['state'];
  readonly merchant?: string;
  /** The wallet that paid. */
  readonly wallet?: WalletName;
  readonly order_reference?: string;
  /** RFC 3339, both ends of the time of creation. */
  readonly created_from?: string;
  readonly created_before?: string;
}

/** Reuse the key to repeat the same intent, for example after a restart; it is kept for 30 days. */
export interface KeyOption {
  readonly idempotency_key?: string;
}

export interface Payments extends Lists<Payment, PaymentQuery> {
  /**
   * The key is required: derive it from your intent (your order's number and the try to pay it), so
   * that asking twice gives one payment.
   */
  create(input: NewPayment, options: Required<KeyOption>): Promise<Payment>;
  get(id: string): Promise<Payment>;
  /** Without a page of ours: the wallet's code or link is in `presentation`. */
  createAttempt(id: string, input: NewAttempt, options?: KeyOption): Promise<Attempt>;
  /** Asks for the end; `state` says whether it is closed already. */
  close(id: string, options?: KeyOption): Promise<Payment>;
  /** All of them, oldest first; the live one, if any, is `created`, `presented` or `unknown`. */
  attempts(id: string): Promise<readonly Attempt[]>;
  /** Which wallets may take it now, and why the others may not. */
  wallets(id: string, query?: { readonly client?: ClientKind }): Promise<readonly WalletChoice[]>;
  /** Everything that happened to it, oldest first. */
  timeline(id: string): Promise<readonly TimelineEntry[]>;
  /** The key follows from the payment and your reference unless you give one. */
  refund(id: string, input: NewRefund, options?: KeyOption): Promise<Refund>;
  /** All of them, oldest first. */
  refunds(id: string): Promise<readonly Refund[]>;
}

export interface Refunds {
  get(id: string): Promise<Refund>;
  /** Another way for one that `needs_action`; the same wish may be sent again. */
  resolve(id: string, input: RefundWay): Promise<Refund>;
}

export function paymentsOf(send: Send): Payments {
  const path = '/v1/payments';
  const at = (id: string, part = '') => `${path}/${encodeURIComponent(id)}${part}`;
  const post = <T>(to: string, body: unknown, { idempotency_key }: KeyOption = {}) =>
    send<T>({ method: 'POST', path: to, body, idempotency_key });
  const dataOf = async <T>(from: string, query?: Query) => {
    const { data } = await send<{ data: readonly T[] }>({ method: 'GET', path: from, query });
    return data;
  };
  return {
    ...listsOf<Payment, PaymentQuery>(send, path),
    create: (input, options) => post(path, input, options),
    get: (id) => send({ method: 'GET', path: at(id) }),
    createAttempt: (id, input, options) => post(at(id, '/attempts'), input, options),
    attempts: (id) => dataOf(at(id, '/attempts')),
    close: (id, options) => post(at(id, '/close'), {}, options),
    wallets: (id, query = {}) => dataOf(at(id, '/wallets'), query),
    timeline: (id) => dataOf(at(id, '/timeline')),
    refunds: (id) => dataOf(at(id, '/refunds')),
    refund: (id, input, options) =>
      post(at(id, '/refunds'), input, {
        idempotency_key: options?.idempotency_key ?? refundKey(id, input.reference),
      }),
  };
}

export function refundsOf(send: Send): Refunds {
  const at = (id: string) => `/v1/refunds/${encodeURIComponent(id)}`;
  return {
    get: (id) => send({ method: 'GET', path: at(id) }),
    resolve: (id, body) => send({ method: 'POST', path: `${at(id)}/resolve`, body }),
  };
}

/** Keys are visible ASCII of at most 255 characters; a reference may be any text. */
function refundKey(payment: string, reference: string): string {
  return `refund-${payment}-${Buffer.from(reference).toString('base64url')}`.slice(0, 255);
}
