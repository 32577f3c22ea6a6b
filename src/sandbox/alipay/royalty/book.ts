import type { Collection, SandboxStore } from '../../store.ts';

/** Who may be given a share, and what was given from which trade. */
export type AccountType = 'userId' | 'loginName' | 'openId';

export interface Relation {
  /** The merchant that shares. */
  readonly seller_id: string;
  readonly type: AccountType;
  readonly account: string;
  /** Who is behind the account: a merchant's number or a person's user id. */
  readonly receiver: string;
  readonly memo: string;
}

export interface SettlePart {
  readonly detail_id: string;
  readonly type: 'transfer' | 'replenish';
  /** As the merchant named the receiver (transfer) or the payer (replenish). */
  readonly account: string;
  readonly account_type: AccountType;
  /** Who is behind it. */
  readonly receiver: string;
  readonly amount: bigint;
  state: 'PROCESSING' | 'SUCCESS' | 'FAIL';
  error_code: string | null;
  /** Given back by refunds. */
  returned: bigint;
}

export interface Settlement {
  readonly settle_no: string;
  readonly app_id: string;
  readonly trade_no: string;
  readonly out_request_no: string;
  /** What was asked for: a repetition must say the same. */
  readonly digest: string;
  readonly mode: 'sync' | 'async';
  /** The rest of the held money goes to the seller afterwards. */
  readonly finish: boolean;
  readonly at: number;
  readonly parts: SettlePart[];
  /** When an asynchronous one is carried out; null when it is done. */
  due_at: number | null;
  done_at: number | null;
}

export interface RoyaltyBook {
  /** By `seller/receiver`. */
  readonly relations: Collection<Relation>;
  readonly settlements: Collection<Settlement>;
  readonly by_trade: Map<string, Settlement[]>;
  /** The share that a merchant agreed with the wallet, percent; 30 where nothing else is said. */
  readonly ratios: Collection<{ percent: number }>;
}

export function openRoyaltyBook(store: SandboxStore): RoyaltyBook {
  const settlements = store.collection<Settlement>('settlements');
  const by_trade = new Map<string, Settlement[]>();
  for (const settlement of settlements.values()) {
    by_trade.set(settlement.trade_no, [...(by_trade.get(settlement.trade_no) ?? []), settlement]);
  }
  return {
    relations: store.collection<Relation>('royalty_relations'),
    settlements,
    by_trade,
    ratios: store.collection<{ percent: number }>('royalty_ratios'),
  };
}

export function keepSettlement(book: RoyaltyBook, settlement: Settlement): void {
  if (!book.settlements.get(settlement.settle_no)) {
    const before = book.by_trade.get(settlement.trade_no) ?? [];
    book.by_trade.set(settlement.trade_no, [...before, settlement]);
  }
  book.settlements.put(settlement.settle_no, settlement);
}

export const DEFAULT_RATIO = 30;
