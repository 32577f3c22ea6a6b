import { businessDate } from '../../../clock.ts';
import type {
  ReceiverType,
  ReturnFailReason,
  SplitFailReason,
  SplitPartResult,
  SplitReturnResult,
  SplitState,
} from '../../../protocols/wechat-pay/sharing.ts';
import type { Collection, SandboxStore } from '../../store.ts';

/**
 * Profit sharing in the wallet's books. Times are business time, epoch milliseconds; amounts are
 * fen. The money itself is in `Funds`: held under the payment's number until it is promised to
 * receivers, then under the split's number until it is there.
 *
 * Split: PROCESSING → FINISHED; each part PENDING → SUCCESS | CLOSED.
 * Return: PROCESSING → SUCCESS | FAILED.
 */
export interface ReceiverRecord {
  /** Whose list it is on: the seller that pays, or a platform for all its sellers. */
  readonly owner: string;
  readonly type: ReceiverType;
  readonly account: string;
  readonly relation_type: string;
  readonly custom_relation: string | null;
  readonly added_at: number;
}

export interface SplitPart {
  readonly detail_id: string;
  readonly type: ReceiverType;
  readonly account: string;
  /** Who receives it, when it is no merchant. */
  readonly person: string | null;
  readonly amount: bigint;
  readonly description: string;
  /** The rest of the money, which becomes the seller's own. */
  readonly rest: boolean;
  result: SplitPartResult;
  fail_reason: SplitFailReason | null;
  finished_at: number | null;
  /** Given back, or on its way back. */
  returned: bigint;
  returns: number;
}

export interface SplitRecord {
  readonly order_id: string;
  /** Who called: the direct merchant, the partner or the platform. */
  readonly mchid: string;
  readonly sub_mchid: string | null;
  readonly out_order_no: string;
  readonly transaction_id: string;
  readonly fingerprint: string;
  /** `release` gives all to the seller; `split` has receivers of its own. */
  readonly kind: 'split' | 'release';
  readonly description: string;
  readonly created_at: number;
  readonly due_at: number;
  readonly parts: readonly SplitPart[];
  state: SplitState;
  finished_at: number | null;
}

export interface ReturnRecord {
  readonly return_id: string;
  readonly mchid: string;
  readonly sub_mchid: string | null;
  readonly out_return_no: string;
  readonly order_id: string;
  readonly out_order_no: string;
  readonly transaction_id: string;
  readonly return_mchid: string;
  readonly detail_id: string;
  readonly amount: bigint;
  readonly description: string;
  readonly fingerprint: string;
  readonly created_at: number;
  readonly due_at: number;
  result: SplitReturnResult;
  fail_reason: ReturnFailReason | null;
  finished_at: number | null;
}

/** What is known of one payment beyond its money: how often it was split, and that it is over. */
export interface SharedPayment {
  readonly transaction_id: string;
  /** Split requests accepted. */
  requests: number;
  /** Sum promised to others than the seller, less what was refused. */
  split: bigint;
  /** From when all that was left is the seller's. */
  released_at: number | null;
}

/** Where a merchant wants the notices that have no address in a call of its own. */
export interface NoticeAddress {
  readonly mchid: string;
  readonly about: NoticeSubject;
  readonly notify_url: string;
}

export const NOTICE_SUBJECTS = ['profit_sharing', 'withdrawals', 'applyments'] as const;
export type NoticeSubject = (typeof NOTICE_SUBJECTS)[number];

const MAX_SPLITS = 1_000_000;

export class SharingBook {
  readonly receivers: Collection<ReceiverRecord>;
  readonly splits: Collection<SplitRecord>;
  readonly returns: Collection<ReturnRecord>;
  readonly payments: Collection<SharedPayment>;
  readonly #addresses: Collection<NoticeAddress>;
  readonly #byOrderId = new Map<string, SplitRecord>();
  readonly #receiversOf = new Map<string, number>();
  /** Given to a person in a month. */
  readonly #given = new Map<string, bigint>();

  constructor(store: SandboxStore) {
    this.receivers = store.collection<ReceiverRecord>('split_receivers');
    this.splits = store.collection<SplitRecord>('splits');
    this.returns = store.collection<ReturnRecord>('split_returns');
    this.payments = store.collection<SharedPayment>('shared_payments');
    this.#addresses = store.collection<NoticeAddress>('notice_addresses');
    for (const split of this.splits.values()) {
      this.#byOrderId.set(split.order_id, split);
      for (const part of split.parts) if (part.result === 'SUCCESS') this.countGiven(part);
    }
    for (const { owner } of this.receivers.values()) this.#countReceiver(owner, 1);
  }

  get full(): boolean {
    return this.splits.size >= MAX_SPLITS;
  }

  split(mchid: string, out_order_no: string): SplitRecord | undefined {
    return this.splits.get(`${mchid}:${out_order_no}`);
  }

  splitOfId(order_id: string): SplitRecord | undefined {
    return this.#byOrderId.get(order_id);
  }

  putSplit(split: SplitRecord): void {
    this.#byOrderId.set(split.order_id, split);
    this.splits.put(`${split.mchid}:${split.out_order_no}`, split);
  }

  return(mchid: string, out_return_no: string): ReturnRecord | undefined {
    return this.returns.get(`${mchid}:${out_return_no}`);
  }

  putReturn(record: ReturnRecord): void {
    this.returns.put(`${record.mchid}:${record.out_return_no}`, record);
  }

  payment(transaction_id: string): SharedPayment {
    const known = this.payments.get(transaction_id);
    return known ?? { transaction_id, requests: 0, split: 0n, released_at: null };
  }

  putPayment(payment: SharedPayment): void {
    this.payments.put(payment.transaction_id, payment);
  }

  receiver(key: Pick<ReceiverRecord, 'owner' | 'type' | 'account'>): ReceiverRecord | undefined {
    return this.receivers.get(receiverKey(key));
  }

  addReceiver(record: ReceiverRecord): void {
    if (!this.receiver(record)) this.#countReceiver(record.owner, 1);
    this.receivers.put(receiverKey(record), record);
  }

  removeReceiver(key: Pick<ReceiverRecord, 'owner' | 'type' | 'account'>): void {
    if (!this.receiver(key)) return;
    this.receivers.delete(receiverKey(key));
    this.#countReceiver(key.owner, -1);
  }

  receiverCount(owner: string): number {
    return this.#receiversOf.get(owner) ?? 0;
  }

  /** Where this merchant wants to be told; undefined when it said nothing. */
  address(about: NoticeSubject, mchid: string): string | undefined {
    return this.#addresses.get(`${about}:${mchid}`)?.notify_url;
  }

  setAddress(address: NoticeAddress): void {
    const key = `${address.about}:${address.mchid}`;
    if (address.notify_url === '') this.#addresses.delete(key);
    else this.#addresses.put(key, address);
  }

  /** Call once when a part has arrived. */
  countGiven({ person, amount, finished_at }: SplitPart): void {
    if (person === null) return;
    const key = `${person} ${monthOf(finished_at ?? 0)}`;
    this.#given.set(key, (this.#given.get(key) ?? 0n) + amount);
  }

  givenInMonth(person: string, at: number): bigint {
    return this.#given.get(`${person} ${monthOf(at)}`) ?? 0n;
  }

  #countReceiver(owner: string, change: number): void {
    this.#receiversOf.set(owner, this.receiverCount(owner) + change);
  }
}

function monthOf(at: number): string {
  return businessDate(new Date(at)).slice(0, 7);
}

function receiverKey({ owner, type, account }: Pick<ReceiverRecord, 'owner' | 'type' | 'account'>) {
  return `${owner}:${type}:${account}`;
}
