import type { Collection, SandboxStore } from '../../store.ts';
import type { Merchant } from './keys.ts';

/** What a merchant has switched in its console, and how the wallet words errors towards it. */
export const TRUST_MODES = ['cert', 'both', 'pubkey'] as const;
/**
 * `cert`: platform certificates alone. `both`: the switch to the public key is under way, and
 * `percent` of the notifications are signed with it already. `pubkey`: the public key alone.
 */
export type TrustMode = (typeof TRUST_MODES)[number];

/** As each call is documented, or all codes in one of the two spellings that are live. */
export const SPELLINGS = ['documented', 'older', 'newer'] as const;
export type Spelling = (typeof SPELLINGS)[number];

export interface MerchantSetting {
  readonly trust: TrustMode;
  /** 0 to 100, in tenths. */
  readonly percent: number;
  readonly spelling: Spelling;
}

export class MerchantSettings {
  readonly #records: Collection<MerchantSetting>;

  constructor(store: SandboxStore) {
    this.#records = store.collection<MerchantSetting>('merchant_settings');
  }

  of({ mchid, first_trust }: Merchant): MerchantSetting {
    const standard = { trust: first_trust, percent: 0, spelling: 'documented' } as const;
    return this.#records.get(mchid) ?? standard;
  }

  change(merchant: Merchant, change: Partial<MerchantSetting>): MerchantSetting {
    const changed = { ...this.of(merchant), ...change };
    this.#records.put(merchant.mchid, changed);
    return changed;
  }
}
