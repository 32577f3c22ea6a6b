import type {
  Attempt,
  List,
  Metadata,
  OrderItem,
  Payment,
  Refund,
  TimelineEntry,
  WalletName,
} from './objects.ts';
import { type Lists, listsOf, type PageQuery } from './pages.ts';
import type { Send } from './transport.ts';

export interface NewPayment {
  readonly merchant: string;
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
  /** RFC 3339; two hours from now when absent. */
  readonly expires_at?: string;
  readonly return_url?: string;
  readonly metadata?: Metadata;
}

export interface NewAttempt {
  readonly wallet: WalletName;
  readonly presentation: 'qr' | 'page' | 'h5' | 'in_app';
  /** The payer's id at the wallet, where the presentation needs it. */
  readonly payer?: string;
}

export interface NewRefund {
  /** Fen. */
  readonly amount: number;
  /** Yours; unique within the payment. */
  readonly reference: string;
  readonly reason: string;
  readonly metadata?: Metadata;
}

export interface PaymentQuery extends PageQuery {
  readonly state?: Payment['state'];
  readonly merchant?: string;
  readonly order_reference?: string;
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
  timeline(id: string): Promise<List<TimelineEntry>>;
  /** The key follows from the payment and your reference unless you give one. */
  refund(id: string, input: NewRefund, options?: KeyOption): Promise<Refund>;
}

export interface Refunds {
  get(id: string): Promise<Refund>;
}

export function paymentsOf(send: Send): Payments {
  const path = '/v1/payments';
  const post = <T>(at: string, body: unknown, options?: KeyOption) =>
    send<T>({ method: 'POST', path: at, body, idempotency_key: options?.idempotency_key });
  return {
    ...listsOf<Payment, PaymentQuery>(send, path),
    create: (input, options) => post(path, input, options),
    get: (id) => send({ method: 'GET', path: `${path}/${encodeURIComponent(id)}` }),
    createAttempt: (id, input, options) =>
      post(`${path}/${encodeURIComponent(id)}/attempts`, input, options),
    close: (id, options) => post(`${path}/${encodeURIComponent(id)}/close`, {}, options),
    timeline: (id) => send({ method: 'GET', path: `${path}/${encodeURIComponent(id)}/timeline` }),
    refund: (id, input, options) =>
      post(`${path}/${encodeURIComponent(id)}/refunds`, input, {
        idempotency_key: options?.idempotency_key ?? refundKey(id, input.reference),
      }),
  };
}

export function refundsOf(send: Send): Refunds {
  return {
    get: (id) => send({ method: 'GET', path: `/v1/refunds/${encodeURIComponent(id)}` }),
  };
}

/** Keys are visible ASCII of at most 255 characters; a reference may be any text. */
function refundKey(payment: string, reference: string): string {
  return `refund-${payment}-${Buffer.from(reference).toString('base64url')}`.slice(0, 255);
}
