import { createHmac } from 'node:crypto';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import type { SandboxRandom } from '../../random.ts';
import type { Collection, SandboxStore } from '../../store.ts';
import { WechatPayRefusal } from '../api/refusal.ts';
import type { Merchant } from './keys.ts';
import type { SubMerchants } from './sub-merchants.ts';

/**
 * App ids: the one every merchant has, those it bound besides (its mini program, its app), and
 * those of sellers. A person has another openid at each of them.
 */
export interface BoundApp {
  readonly appid: string;
  readonly app_secret: string;
  readonly openid_salt: string;
  /** Who signs calls under it: a merchant, or the partner of the seller whose it is. */
  readonly mchid: string;
  readonly sub_mchid: string | null;
}

interface Binding {
  readonly appid: string;
  readonly mchid: string;
}

const MAX_BINDINGS = 50;

export class Apps {
  readonly #bindings: Collection<Binding>;
  readonly #merchants: ReadonlyMap<string, Merchant>;
  readonly #sub_merchants: SubMerchants;

  constructor(
    store: SandboxStore,
    merchants: ReadonlyMap<string, Merchant>,
    sub_merchants: SubMerchants,
  ) {
    this.#bindings = store.collection<Binding>('bound_appids');
    this.#merchants = merchants;
    this.#sub_merchants = sub_merchants;
  }

  isBound({ mchid, appid: first }: Merchant, appid: string): boolean {
    return appid === first || this.#bindings.get(appid)?.mchid === mchid;
  }

  of(appid: string): BoundApp | undefined {
    return this.all().find((app) => app.appid === appid);
  }

  all(): BoundApp[] {
    return [...this.#merchants.values()].flatMap((merchant) => [
      { ...appOf(merchant, merchant.appid, null), app_secret: merchant.app_secret },
      ...this.#boundBy(merchant).map(({ appid }) => appOf(merchant, appid, null)),
      ...this.#sub_merchants
        .of(merchant.mchid)
        .flatMap(({ sub_appid, sub_mchid }) =>
          sub_appid === null ? [] : [appOf(merchant, sub_appid, sub_mchid)],
        ),
    ]);
  }

  /** Undefined when the merchant has as many as it may. */
  bind(merchant: Merchant, random: SandboxRandom): BoundApp | undefined {
    if (this.#boundBy(merchant).length >= MAX_BINDINGS) return undefined;
    const appid = `wx${random.bytes(8).toString('hex')}`;
    this.#bindings.put(appid, { appid, mchid: merchant.mchid });
    return appOf(merchant, appid, null);
  }

  #boundBy({ mchid }: Merchant): Binding[] {
    return [...this.#bindings.values()].filter((each) => each.mchid === mchid);
  }
}

/** Secrets follow from the merchant's own, so that none has to be kept. */
function appOf(merchant: Merchant, appid: string, sub_mchid: string | null): BoundApp {
  const { mchid, openid_salt } = merchant;
  const mac = createHmac('sha256', merchant.app_secret).update(appid);
  const app_secret = mac.digest('hex').slice(0, 32);
  return { appid, app_secret, openid_salt, mchid, sub_mchid };
}

/** The app id a call names, which must be bound to whoever signed it. */
export function boundAppid(
  { apps }: { readonly apps: Apps },
  merchant: Merchant,
  appid: string | undefined,
): string {
  if (appid !== undefined && apps.isBound(merchant, appid)) return appid;
  throw appidNotBound();
}

export function appidNotBound(): WechatPayRefusal {
  return new WechatPayRefusal(
    400,
    'APPID_MCHID_NOT_MATCH',
    INTERNAL_CODE.appid_not_bound,
    'appid和mch_id不匹配，请检查后再试',
  );
}
