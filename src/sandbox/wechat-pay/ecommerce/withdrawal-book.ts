import type { Collection, SandboxStore } from '../../store.ts';

/**
 * Withdrawals of sellers, and of platforms themselves.
 * CREATE_SUCCESS → SUCCESS | FAIL; SUCCESS → REFUND (the bank returned it).
 */
export type WithdrawStatus = 'CREATE_SUCCESS' | 'SUCCESS' | 'FAIL' | 'REFUND';

export interface Withdrawal {
  readonly withdraw_id: string;
  readonly mchid: string;
  /** Null for the platform's own money. */
  readonly sub_mchid: string | null;
  readonly out_request_no: string;
  readonly amount: bigint;
  readonly remark: string | null;
  readonly bank_memo: string | null;
  readonly account_type: string;
  readonly notify_url: string | null;
  readonly fingerprint: string;
  readonly created_at: number;
  readonly due_at: number;
  status: WithdrawStatus;
  updated_at: number;
  reason: string | null;
}

export class WithdrawalBook {
  readonly #records: Collection<Withdrawal>;
  readonly #byId = new Map<string, Withdrawal>();
  /** Those whose bank has not answered. */
  readonly #pending = new Map<string, Withdrawal>();

  constructor(store: SandboxStore) {
    this.#records = store.collection<Withdrawal>('withdrawals');
    for (const record of this.#records.values()) this.#index(record);
  }

  ofNumber(mchid: string, out_request_no: string): Withdrawal | undefined {
    return this.#records.get(`${mchid}:${out_request_no}`);
  }

  ofId(withdraw_id: string): Withdrawal | undefined {
    return this.#byId.get(withdraw_id);
  }

  get pending(): readonly Withdrawal[] {
    return [...this.#pending.values()];
  }

  put(record: Withdrawal): void {
    this.#records.put(`${record.mchid}:${record.out_request_no}`, record);
    this.#index(record);
  }

  #index(record: Withdrawal): void {
    this.#byId.set(record.withdraw_id, record);
    if (record.status === 'CREATE_SUCCESS') this.#pending.set(record.withdraw_id, record);
    else this.#pending.delete(record.withdraw_id);
  }
}
