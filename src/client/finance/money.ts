import type { TimelineEntry } from '../objects.ts';
import { type Lists, listsOf, type PageQuery } from '../pages.ts';
import type { KeyOption } from '../payments.ts';
import { resourceOf } from '../resource.ts';
import type { Send } from '../transport.ts';
import type { Payout, Settlement, SettlementLine, SettlementRun } from './money-objects.ts';

/** Sellers' settled days, and money on its way to them. */
export interface SettlementQuery extends PageQuery {
  readonly merchant?: string;
  readonly wallet_account?: string;
  /** A business day, `YYYY-MM-DD`. */
  readonly date?: string;
}

export interface Settlements extends Lists<Settlement, SettlementQuery> {
  get(id: string): Promise<Settlement>;
  /** Every line of a settlement, page after page, asked for as you go. */
  lines(id: string, query?: PageQuery): AsyncIterable<SettlementLine>;
  /** Settles now what would be settled by itself soon; again settles nothing twice. */
  run(input?: { readonly merchant?: string; readonly date?: string }): Promise<SettlementRun>;
}

export interface NewPayout {
  readonly merchant: string;
  readonly wallet_account: string;
  /** All that may leave now when absent. */
  readonly amount?: number;
}

export interface PayoutQuery extends PageQuery {
  readonly merchant?: string;
  readonly wallet_account?: string;
  readonly state?: Payout['state'];
}

export interface Payouts extends Lists<Payout, PayoutQuery> {
  /** The key is required: a payout that is asked for twice is two payouts. */
  create(input: NewPayout, options: Required<KeyOption>): Promise<Payout>;
  get(id: string): Promise<Payout>;
  /** Takes it back while nobody has the money; `state` says what becomes of it. */
  cancel(id: string, options?: KeyOption): Promise<Payout>;
  timeline(id: string): Promise<readonly TimelineEntry[]>;
}

export function settlementsOf(send: Send): Settlements {
  const path = '/v1/settlements';
  const at = (id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    ...listsOf<Settlement, SettlementQuery>(send, path),
    get: (id) => send({ method: 'GET', path: at(id) }),
    lines: (id, query) => listsOf<SettlementLine, PageQuery>(send, `${at(id)}/lines`).all(query),
    run: (body = {}) => send({ method: 'POST', path, body }),
  };
}

export function payoutsOf(send: Send): Payouts {
  const { at, post, calls } = resourceOf<Payout, NewPayout, PayoutQuery>(send, '/v1/payouts');
  return {
    ...calls,
    cancel: (id, options) => post(at(id, '/cancel'), {}, options),
    async timeline(id) {
      const path = at(id, '/timeline');
      return (await send<{ data: readonly TimelineEntry[] }>({ method: 'GET', path })).data;
    },
  };
}
