import type { SplitReceiver } from '../../products/splits.ts';

/** A merchant's or person's 2088 number, a login name, or a person's id at one application. */
export function accountType({ account }: Pick<SplitReceiver, 'kind' | 'account'>) {
  if (/^2088\d{12}$/.test(account)) return 'userId';
  return account.includes('@') || /^1\d{10}$/.test(account) ? 'loginName' : 'openId';
}
