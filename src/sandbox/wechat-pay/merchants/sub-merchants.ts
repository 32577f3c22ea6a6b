import type { SandboxRandom } from '../../random.ts';
import { randomDigits } from '../../random.ts';
import type { Collection, SandboxStore } from '../../store.ts';
import type { Merchant } from './keys.ts';

/** Where a seller's money is settled to. */
export interface BankAccount {
  readonly type: 'BUSINESS' | 'PRIVATE';
  readonly bank: string;
  readonly bank_name: string | null;
  readonly bank_branch_id: string | null;
  readonly holder: string;
  readonly number: string;
}

/**
 * Sellers under a partner or a platform. Some are there from the start; onboarding adds more. Their
 * numbers share one space with the merchants'.
 */
export interface SubMerchant {
  readonly sub_mchid: string;
  /** The partner or platform they belong to. */
  readonly sp_mchid: string;
  readonly name: string;
  readonly sub_appid: string | null;
  readonly created_at: number;
  /** Largest share that may be split off, ten-thousandths. */
  max_split_ratio: number;
  account: BankAccount;
}

const FIRST_NAMES = ['胡同手作', '胡同书店', '胡同茶铺'] as const;
const DEFAULT_RATIO = 3_000;

export class SubMerchants {
  readonly #records: Collection<SubMerchant>;
  readonly #random: SandboxRandom;

  constructor(store: SandboxStore, random: SandboxRandom) {
    this.#records = store.collection<SubMerchant>('sub_merchants');
    this.#random = random;
  }

  get(sub_mchid: string): SubMerchant | undefined {
    return this.#records.get(sub_mchid);
  }

  of(sp_mchid: string): SubMerchant[] {
    return [...this.#records.values()].filter((record) => record.sp_mchid === sp_mchid);
  }

  put(record: SubMerchant): void {
    this.#records.put(record.sub_mchid, record);
  }

  add(seller: {
    sp_mchid: string;
    name: string;
    sub_appid?: string;
    now: number;
    account?: BankAccount;
  }): SubMerchant {
    let sub_mchid = `17${randomDigits(this.#random, 8)}`;
    while (this.#records.get(sub_mchid)) sub_mchid = `17${randomDigits(this.#random, 8)}`;
    const record: SubMerchant = {
      sub_mchid,
      sp_mchid: seller.sp_mchid,
      name: seller.name,
      sub_appid: seller.sub_appid ?? null,
      created_at: seller.now,
      max_split_ratio: DEFAULT_RATIO,
      account: seller.account ?? this.#someAccount(seller.name),
    };
    this.put(record);
    return record;
  }

  #someAccount(holder: string): BankAccount {
    return {
      type: 'BUSINESS',
      bank: '工商银行',
      bank_name: null,
      bank_branch_id: null,
      holder,
      number: `622202${randomDigits(this.#random, 13)}`,
    };
  }

  /** Gives each partner and platform its first sellers, once. */
  seed(merchants: Iterable<Merchant>, now: number): void {
    for (const { mchid, role } of merchants) {
      if (role === 'direct' || this.of(mchid).length > 0) continue;
      const [first, ...others] = FIRST_NAMES;
      // One of them has an app id of its own, under which payers have other openids.
      const sub_appid = `wx${this.#random.bytes(8).toString('hex')}`;
      this.add({ sp_mchid: mchid, name: first, sub_appid, now });
      for (const name of others) this.add({ sp_mchid: mchid, name, now });
    }
  }
}
