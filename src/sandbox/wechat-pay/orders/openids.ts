import type { Person } from '../../sandbox.ts';
import type { Apps } from '../merchants/apps.ts';
import type { Merchant } from '../merchants/keys.ts';
import { openidOf } from '../numbers.ts';

type AppOf = Pick<Merchant, 'appid' | 'openid_salt'>;

/** The same person has another openid at every app id, a merchant's or a seller's. */
export class Openids {
  readonly #people: readonly Person[];
  readonly #apps: Apps;
  readonly #owners = new Map<string, { person: string; appid: string }>();
  readonly #known = new Set<string>();

  constructor(people: readonly Person[], apps: Apps) {
    this.#people = people;
    this.#apps = apps;
    this.#learnAll();
  }

  of(person: string, { appid, openid_salt }: AppOf): string {
    return openidOf({ salt: openid_salt, appid, person });
  }

  ownerOf(openid: string): { person: string; appid: string } | undefined {
    const owner = this.#owners.get(openid);
    if (owner) return owner;
    this.#learnAll();
    return this.#owners.get(openid);
  }

  /** App ids come while the sandbox runs: sellers', and those that merchants bind. */
  #learnAll(): void {
    for (const app of this.#apps.all()) this.#learn(app);
  }

  #learn(app: AppOf): void {
    if (this.#known.has(app.appid)) return;
    this.#known.add(app.appid);
    for (const { id } of this.#people) {
      this.#owners.set(this.of(id, app), { person: id, appid: app.appid });
    }
  }
}
