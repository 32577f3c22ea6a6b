import { type Lists, listsOf, type PageQuery } from '../pages.ts';
import type { KeyOption } from '../payments.ts';
import { resourceOf } from '../resource.ts';
import type { Send } from '../transport.ts';
import type { Bill, Break, BreakAction } from './bill-objects.ts';

/** Wallets' bills compared with the books, and what differs. */
export interface NewBill {
  readonly wallet_account: string;
  /** A business day that is over, `YYYY-MM-DD`. */
  readonly date: string;
}

export interface BillQuery extends PageQuery {
  readonly wallet_account?: string;
  readonly state?: Bill['state'];
  readonly date?: string;
}

export interface Bills extends Lists<Bill, BillQuery> {
  /** Compares the day now, or again. */
  create(input: NewBill, options?: KeyOption): Promise<Bill>;
  get(id: string): Promise<Bill>;
}

export interface BreakQuery extends PageQuery {
  readonly state?: Break['state'];
  readonly kind?: string;
  readonly wallet_account?: string;
  readonly bill?: string;
  readonly payment?: string;
  readonly min_age_days?: number;
}

export interface Resolution {
  /** One of the break's `actions`. */
  readonly action: BreakAction;
  /** Why, for those who read the trail. */
  readonly note: string;
  /** Whose money it is, where the break does not say. */
  readonly merchant?: string;
}

export interface Breaks extends Lists<Break, BreakQuery> {
  get(id: string): Promise<Break>;
  resolve(id: string, input: Resolution, options: Required<KeyOption>): Promise<Break>;
}

export function billsOf(send: Send): Bills {
  return resourceOf<Bill, NewBill, BillQuery>(send, '/v1/bills').calls;
}

export function breaksOf(send: Send): Breaks {
  const path = '/v1/breaks';
  const at = (id: string, part = '') => `${path}/${encodeURIComponent(id)}${part}`;
  return {
    ...listsOf<Break, BreakQuery>(send, path),
    get: (id) => send({ method: 'GET', path: at(id) }),
    resolve: (id, body, options) =>
      send({ method: 'POST', path: at(id, '/resolve'), body, ...options }),
  };
}
