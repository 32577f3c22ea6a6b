import type { Collection, SandboxStore } from '../../store.ts';
import type { PreparedIndex } from '../orders/prepared.ts';
import type { CombinedRecord } from '../orders/records.ts';

/** Combined orders by their own number and by the number of their payment. */
export class CombinedBook {
  readonly #records: Collection<CombinedRecord>;
  readonly #prepared: PreparedIndex;
  readonly #byTransaction = new Map<string, CombinedRecord>();

  constructor(store: SandboxStore, prepared: PreparedIndex) {
    this.#records = store.collection<CombinedRecord>('combined_orders');
    this.#prepared = prepared;
    for (const record of this.#records.values()) this.#index(record);
  }

  get(mchid: string, combine_out_trade_no: string): CombinedRecord | undefined {
    return this.#records.get(`${mchid}:${combine_out_trade_no}`);
  }

  ofTransaction(transaction_id: string): CombinedRecord | undefined {
    return this.#byTransaction.get(transaction_id);
  }

  put(record: CombinedRecord): void {
    this.#index(record);
    this.#records.put(`${record.mchid}:${record.combine_out_trade_no}`, record);
  }

  #index(record: CombinedRecord): void {
    this.#prepared.add(record);
    if (record.transaction_id !== null) this.#byTransaction.set(record.transaction_id, record);
  }
}
