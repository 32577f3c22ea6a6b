import type {
  ConsentClosure,
  ConsentState,
  TransferFailure,
  TransferState,
} from '../../../protocols/wechat-pay/transfers.ts';
import type { Collection, SandboxStore } from '../../store.ts';

/** Transfers to persons and their standing consents. Times are business time, epoch ms. */
export interface TransferRecord {
  readonly mchid: string;
  readonly out_bill_no: string;
  readonly transfer_bill_no: string;
  readonly appid: string;
  readonly openid: string;
  readonly person: string;
  readonly amount: bigint;
  readonly remark: string;
  readonly scene: string;
  readonly notify_url: string | null;
  /** As the request gave it, in plain text; null when it gave none. */
  readonly user_name: string | null;
  /** Digest of the first request. */
  readonly fingerprint: string;
  readonly package_info: string;
  /** Nobody is asked: a standing consent covers it. */
  readonly consented: boolean;
  /** The standing consent that the payee gives along with taking the money. */
  readonly asks?: ConsentAlong;
  readonly created_at: number;
  readonly expires_at: number;
  state: TransferState;
  fail_reason: TransferFailure | null;
  updated_at: number;
}

export type ConsentAlong = Pick<
  ConsentRecord,
  'out_authorization_no' | 'display_name' | 'notify_url'
>;

/** WAIT_USER_CONFIRM → TAKING_EFFECT → CLOSED; unconfirmed for 24 hours → CLOSED. */
export interface ConsentRecord {
  readonly mchid: string;
  readonly out_authorization_no: string;
  readonly authorization_id: string;
  readonly appid: string;
  readonly openid: string;
  readonly person: string;
  readonly scene: string;
  readonly display_name: string;
  readonly perception: string | null;
  readonly notify_url: string;
  readonly fingerprint: string;
  readonly package_info: string;
  readonly created_at: number;
  readonly expires_at: number;
  state: ConsentState;
  authorized_at: number | null;
  closed_at: number | null;
  close_reason: ConsentClosure | null;
}

export const OPEN_STATES = ['ACCEPTED', 'PROCESSING', 'WAIT_USER_CONFIRM'] as const;

export class TransferBook {
  readonly #transfers: Collection<TransferRecord>;
  readonly #consents: Collection<ConsentRecord>;
  readonly #byNumber = new Map<string, TransferRecord>();
  readonly #byAuthorization = new Map<string, ConsentRecord>();
  /** Not yet in a last state; what time and persons may still change. */
  readonly #moving = new Set<TransferRecord>();

  constructor(store: SandboxStore) {
    this.#transfers = store.collection<TransferRecord>('transfers');
    this.#consents = store.collection<ConsentRecord>('transfer_consents');
    for (const record of this.#transfers.values()) this.#index(record);
    for (const record of this.#consents.values()) {
      this.#byAuthorization.set(record.authorization_id, record);
    }
  }

  get(mchid: string, out_bill_no: string): TransferRecord | undefined {
    return this.#transfers.get(`${mchid}:${out_bill_no}`);
  }

  byNumber(transfer_bill_no: string): TransferRecord | undefined {
    return this.#byNumber.get(transfer_bill_no);
  }

  put(record: TransferRecord): void {
    this.#transfers.put(`${record.mchid}:${record.out_bill_no}`, record);
    this.#index(record);
  }

  get moving(): readonly TransferRecord[] {
    return [...this.#moving];
  }

  /** What a merchant sent since then, or to one person only; failed and cancelled ones left out. */
  sentSince(mchid: string, since: number, person?: string): bigint {
    let sum = 0n;
    for (const record of this.#transfers.values()) {
      if (record.mchid !== mchid || record.created_at < since) continue;
      if (person !== undefined && record.person !== person) continue;
      if (record.state !== 'FAIL' && record.state !== 'CANCELLED') sum += record.amount;
    }
    return sum;
  }

  consent(mchid: string, out_authorization_no: string): ConsentRecord | undefined {
    return this.#consents.get(`${mchid}:${out_authorization_no}`);
  }

  consentById(authorization_id: string): ConsentRecord | undefined {
    return this.#byAuthorization.get(authorization_id);
  }

  putConsent(record: ConsentRecord): void {
    this.#consents.put(`${record.mchid}:${record.out_authorization_no}`, record);
    this.#byAuthorization.set(record.authorization_id, record);
  }

  consentsOf(person: string): ConsentRecord[] {
    return [...this.#consents.values()].filter((record) => record.person === person);
  }

  get openConsents(): readonly ConsentRecord[] {
    return [...this.#consents.values()].filter(({ state }) => state === 'WAIT_USER_CONFIRM');
  }

  #index(record: TransferRecord): void {
    this.#byNumber.set(record.transfer_bill_no, record);
    if (['SUCCESS', 'FAIL', 'CANCELLED'].includes(record.state)) this.#moving.delete(record);
    else this.#moving.add(record);
  }
}
