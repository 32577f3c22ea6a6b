import type { Send } from '../transport.ts';

/** Accounts of the ledger one by one: fen, now or at a moment of the past. */
export interface LedgerAccount {
  readonly object: 'ledger_account';
  readonly account: string;
  readonly book: number;
  readonly currency: 'CNY';
  /** The moment that the amounts are said for. */
  readonly at: string;
  readonly normal: 'debit' | 'credit';
  /** Final, on the normal side. */
  readonly posted: number;
  /** On its way out. */
  readonly reserved: number;
  readonly available: number;
  /** On its way in, and no part of `posted` before it has come. */
  readonly incoming: number;
  /** Limits of today, whatever `at` is. */
  readonly floor: number | null;
  readonly cap: number | null;
}

export interface LedgerAccountQuery {
  /** RFC 3339, not in the future; now when absent. */
  readonly at?: string;
  /** The key's own when absent; 0 for operators. */
  readonly book?: number;
}

export interface LedgerAccounts {
  /** `platform:plt_…`, `receiver:rcv_…`; operators read every account. */
  account(account: string, query?: LedgerAccountQuery): Promise<LedgerAccount>;
}

export function ledgerOf(send: Send): LedgerAccounts {
  return {
    account: (account, query) =>
      send({
        method: 'GET',
        path: `/v1/ledger/accounts/${encodeURIComponent(account)}`,
        query: { ...query },
      }),
  };
}
