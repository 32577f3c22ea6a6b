/**
 * What a day's business did, as the shop knows it: written by the test itself, so that bills and
 * the sandboxes' books are compared with something that neither of them made.
 */
interface Happened {
  /** Kind of merchant whose call it was. */
  readonly role: string;
  /** Whose account it is about: the seller’s where there is one. */
  readonly holder: string;
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string;
  readonly amount: bigint;
  readonly at: Date;
}

export interface Payment extends Happened {
  readonly kind: 'payment';
  readonly sub_merchant?: string;
  readonly coupons: bigint;
  /** The part that the merchant's own coupons paid: nobody gets it. */
  readonly own_coupons: bigint;
}

export interface Refund extends Happened {
  readonly kind: 'refund';
  /** Absent where the payment was reversed as a whole. */
  readonly refund_reference?: string;
  readonly sub_merchant?: string;
  readonly own_coupons: bigint;
}

export interface Share extends Happened {
  readonly kind: 'split' | 'split_return';
  readonly split_reference: string;
  readonly receiver: string;
}

export interface Payout extends Happened {
  readonly kind: 'payout';
}

export type Event = Payment | Refund | Share | Payout;

export class Journal {
  readonly events: Event[] = [];
  /** Payments that a wallet took back so early that they never were in a bill. */
  readonly erased = new Set<string>();

  add(event: Event): void {
    this.events.push(event);
  }

  payments(role: string): readonly Payment[] {
    return this.#of(role).filter((event) => event.kind === 'payment');
  }

  refunds(role: string): readonly Refund[] {
    return this.#of(role).filter((event) => event.kind === 'refund');
  }

  shares(role: string): readonly Share[] {
    return this.#of(role).filter(
      ({ kind }) => kind === 'split' || kind === 'split_return',
    ) as Share[];
  }

  #of(role: string): readonly Event[] {
    return this.events.filter((event) => event.role === role);
  }

  get roles(): readonly string[] {
    return [...new Set(this.events.map(({ role }) => role))];
  }
}
