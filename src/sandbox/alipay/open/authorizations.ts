import { join } from 'node:path';
import type { SandboxRandom } from '../../random.ts';
import type { SandboxOptions } from '../../sandbox.ts';
import type { Collection } from '../../store.ts';
import type { App } from '../books.ts';
import { keptText } from '../keys.ts';
import { newSecret } from '../numbers.ts';

/**
 * What merchants allow third-party applications: an `app_auth_token` stands for one merchant.
 * Times are business time, epoch milliseconds. https://opendocs.alipay.com/isv/04h3uf
 */
export interface AppAuthorization {
  readonly token: string;
  readonly refresh_token: string;
  /** The third party's application. */
  readonly app_id: string;
  /** The merchant's application. */
  readonly auth_app_id: string;
  readonly user_id: string;
  readonly from: number;
  readonly until: number;
  revoked: boolean;
}

const YEAR_MS = 365 * 86_400_000;

/** `202611BB…`, forty characters at most. */
function newToken(random: SandboxRandom, now: Date): string {
  return `${now.toISOString().slice(0, 7).replace('-', '')}BB${newSecret(random).slice(0, 30)}`;
}

/** What the merchant's consent page sends the third party back with. */
interface AuthCode {
  readonly code: string;
  readonly app_id: string;
  readonly auth_app_id: string;
  readonly until: number;
}

const CODE_LIFE_MS = 86_400_000;

export class Authorizations {
  readonly #all: Collection<AppAuthorization>;
  readonly #codes: Collection<AuthCode>;
  readonly #options: SandboxOptions;
  readonly #apps: ReadonlyMap<string, App>;
  #first = '';

  private constructor(options: SandboxOptions, apps: ReadonlyMap<string, App>) {
    this.#options = options;
    this.#apps = apps;
    this.#all = options.store.collection<AppAuthorization>('app_authorizations');
    this.#codes = options.store.collection<AuthCode>('app_auth_codes');
  }

  /** The first merchant has allowed the third party's application from the start. */
  static async open(
    options: SandboxOptions,
    apps: ReadonlyMap<string, App>,
  ): Promise<Authorizations> {
    const opened = new Authorizations(options, apps);
    const path = join(options.keys_dir, 'isv_app_auth_token.txt');
    const now = options.clock.now();
    opened.#first = await keptText(path, async () => newToken(options.random, now));
    const roles = new Map([...apps.values()].map((app) => [app.role, app]));
    const isv = roles.get('isv');
    const merchant = roles.get('key');
    if (isv && merchant && !opened.#all.get(opened.#first)) {
      opened.#put(isv, merchant, opened.#first);
    }
    return opened;
  }

  /** The token that the account of the third party carries. */
  get first(): string {
    return this.#first;
  }

  /** The merchant allows the third party's application: a code that is good once, for a day. */
  grant(isv: App, merchant: App): string {
    const code = `P${newSecret(this.#options.random)}`;
    const until = this.#options.clock.now().getTime() + CODE_LIFE_MS;
    this.#codes.put(code, { code, app_id: isv.app_id, auth_app_id: merchant.app_id, until });
    return code;
  }

  takeCode(isv: App, code: string): AppAuthorization | 'unknown' | 'expired' {
    const found = this.#codes.get(code);
    const merchant = this.#apps.get(found?.auth_app_id ?? '');
    if (found?.app_id !== isv.app_id || !merchant) return 'unknown';
    this.#codes.delete(code);
    const now = this.#options.clock.now();
    if (now.getTime() >= found.until) return 'expired';
    return this.#put(isv, merchant, newToken(this.#options.random, now));
  }

  /** A new token in place of the old one, which ends. */
  refresh(isv: App, refresh_token: string): AppAuthorization | undefined {
    const { random, clock } = this.#options;
    for (const old of this.#all.values()) {
      if (old.refresh_token !== refresh_token || old.app_id !== isv.app_id || old.revoked) continue;
      const merchant = this.#apps.get(old.auth_app_id);
      if (!merchant) return undefined;
      this.revoke(old.token);
      return this.#put(isv, merchant, newToken(random, clock.now()));
    }
    return undefined;
  }

  find(token: string): AppAuthorization | undefined {
    return this.#all.get(token);
  }

  revoke(token: string): boolean {
    const found = this.#all.get(token);
    if (!found) return false;
    found.revoked = true;
    this.#all.put(token, found);
    return true;
  }

  /** Why a token gives nothing, or the application as it acts for the merchant. */
  actingFor(app: App, token: string): App | 'unknown' | 'expired' {
    const found = this.#all.get(token);
    if (!found || found.revoked || found.app_id !== app.app_id) return 'unknown';
    if (this.#options.clock.now().getTime() >= found.until) return 'expired';
    const merchant = this.#apps.get(found.auth_app_id);
    if (!merchant) return 'unknown';
    const { seller_id, payee } = merchant;
    return { ...app, auth_app_id: merchant.app_id, seller_id, payee };
  }

  #put(isv: App, merchant: App, token: string): AppAuthorization {
    const from = this.#options.clock.now().getTime();
    const made: AppAuthorization = {
      token,
      refresh_token: newToken(this.#options.random, new Date(from)),
      app_id: isv.app_id,
      auth_app_id: merchant.app_id,
      user_id: merchant.seller_id,
      from,
      until: from + YEAR_MS,
      revoked: false,
    };
    this.#all.put(token, made);
    return made;
  }
}
