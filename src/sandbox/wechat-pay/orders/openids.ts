import type { Person } from '../../sandbox.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { SubMerchants } from '../merchants/sub-merchants.ts';
import { openidOf } from '../numbers.ts';

type AppOf = Pick<Merchant, 'appid' | 'openid_salt'>;

/** The same person has another openid at every app id, a merchant's or a seller's. */
export class Openids {
  readonly #people: readonly Person[];
  readonly #merchants: ReadonlyMap<string, Merchant>;
  readonly #sub_merchants: SubMerchants;
  readonly #owners = new Map<string, { person: string; appid: string }>();
  readonly #known = new Set<string>();

  constructor(
    people: readonly Person[],
    merchants: ReadonlyMap<string, Merchant>,
    sub_merchants: SubMerchants,
  ) {
    this.#people = people;
    this.#merchants = merchants;
    this.#sub_merchants = sub_merchants;
    for (const merchant of merchants.values()) this.#learn(merchant);
  }

  of(person: string, { appid, openid_salt }: AppOf): string {
    return openidOf({ salt: openid_salt, appid, person });
  }

  ownerOf(openid: string): { person: string; appid: string } | undefined {
    const owner = this.#owners.get(openid);
    if (owner) return owner;
    this.#learnSellers();
    return this.#owners.get(openid);
  }

  /** Sellers and their app ids come and go while the sandbox runs. */
  #learnSellers(): void {
    for (const { mchid, openid_salt } of this.#merchants.values()) {
      for (const { sub_appid } of this.#sub_merchants.of(mchid)) {
        if (sub_appid !== null) this.#learn({ appid: sub_appid, openid_salt });
      }
    }
  }

  #learn(app: AppOf): void {
    if (this.#known.has(app.appid)) return;
    this.#known.add(app.appid);
    for (const { id } of this.#people) {
      this.#owners.set(this.of(id, app), { person: id, appid: app.appid });
    }
  }
}
