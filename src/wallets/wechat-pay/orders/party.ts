import type { MerchantAccount } from '../account.ts';
import { namedApp } from '../app-ids.ts';

/** Under which ids an account orders: as itself, or as a partner or platform for a seller. */
export interface Party {
  /** The merchant's own app id that bodies name. */
  readonly appid: string;
  readonly root: '/v3/pay/transactions' | '/v3/pay/partner/transactions';
  /** Who orders, as bodies of orders name it. */
  readonly ids: Readonly<Record<string, string>>;
  /** The same without app ids, as closes and queries name it. */
  readonly numbers: Readonly<Record<string, string>>;
  readonly sub_merchant: string | undefined;
  /** The app id of the seller's own app or mini program, where the account states one. */
  readonly sub_appid: string | undefined;
}

/** A sentence when this account cannot order for whom it is asked to. */
export function partyOf(
  account: MerchantAccount,
  sub_merchant: string | undefined,
  app?: string,
): Party | { readonly problem: string } {
  const { mchid, role } = account;
  const named = namedApp(account, app);
  if ('problem' in named) return named;
  const { appid } = named;
  if (role === 'direct') {
    if (sub_merchant !== undefined) return { problem: 'A direct merchant has no sellers.' };
    return {
      appid,
      root: '/v3/pay/transactions',
      ids: { appid, mchid },
      numbers: { mchid },
      sub_merchant: undefined,
      sub_appid: undefined,
    };
  }
  if (sub_merchant === undefined) {
    return { problem: `An order of a ${role} needs the seller (sub_merchant).` };
  }
  const numbers = { sp_mchid: mchid, sub_mchid: sub_merchant };
  return {
    appid,
    root: '/v3/pay/partner/transactions',
    ids: { sp_appid: appid, ...numbers },
    numbers,
    sub_merchant,
    sub_appid: account.sub_appids.get(sub_merchant),
  };
}

export function queryOf({ numbers }: Party): string {
  return new URLSearchParams(numbers).toString();
}
