import type { TransferProduct, TransferStatus } from '../../../protocols/alipay/transfers.ts';
import type { Collection, SandboxStore } from '../../store.ts';
import type { Alipay } from '../books.ts';

/** One transfer to a person. Times are business time, epoch milliseconds. */
export interface FundTransfer {
  readonly app_id: string;
  readonly seller_id: string;
  readonly out_biz_no: string;
  readonly order_id: string;
  readonly pay_fund_order_id: string;
  readonly product_code: TransferProduct;
  readonly biz_scene: string;
  readonly amount: bigint;
  readonly person: string;
  readonly title: string;
  readonly remark: string;
  readonly passback_params: string | null;
  /** Digest of the first request. */
  readonly fingerprint: string;
  readonly created_at: number;
  status: TransferStatus;
  finished_at: number | null;
  error_code: string | null;
  fail_reason: string | null;
}

class FundBook {
  readonly #transfers: Collection<FundTransfer>;
  readonly #byNumber = new Map<string, FundTransfer>();

  constructor(store: SandboxStore) {
    this.#transfers = store.collection<FundTransfer>('fund_transfers');
    for (const transfer of this.#transfers.values()) this.#index(transfer);
  }

  get(seller_id: string, out_biz_no: string): FundTransfer | undefined {
    return this.#transfers.get(`${seller_id}/${out_biz_no}`);
  }

  /** By either of the wallet's own numbers. */
  byNumber(number: string): FundTransfer | undefined {
    return this.#byNumber.get(number);
  }

  put(transfer: FundTransfer): void {
    this.#transfers.put(`${transfer.seller_id}/${transfer.out_biz_no}`, transfer);
    this.#index(transfer);
  }

  get undecided(): readonly FundTransfer[] {
    return [...this.#transfers.values()].filter(({ status }) => status === 'DEALING');
  }

  /** What a merchant sent since then; failed ones left out. */
  sentSince(seller_id: string, since: number): bigint {
    let sum = 0n;
    for (const transfer of this.#transfers.values()) {
      if (transfer.seller_id !== seller_id || transfer.created_at < since) continue;
      if (transfer.status !== 'FAIL') sum += transfer.amount;
    }
    return sum;
  }

  #index(transfer: FundTransfer): void {
    this.#byNumber.set(transfer.order_id, transfer);
    this.#byNumber.set(transfer.pay_fund_order_id, transfer);
  }
}

const books = new WeakMap<Alipay, FundBook>();

/** The book of one running wallet. */
export function fundBook(alipay: Alipay): FundBook {
  let book = books.get(alipay);
  if (!book) {
    book = new FundBook(alipay.options.store);
    books.set(alipay, book);
  }
  return book;
}
