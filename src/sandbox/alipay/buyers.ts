import type { Person } from '../sandbox.ts';
import type { Alipay, App } from './books.ts';
import { buyerId, openId } from './numbers.ts';

/** The people who pay, and what they have. */
const DEFAULT_BALANCE = 500_000n;
const POOR_BALANCE = 100n;

export interface Buyer {
  readonly person: Person;
  readonly user_id: string;
  /** Masked account name, as the wallet shows it to merchants. */
  readonly logon_id: string;
}

export function balanceOf(alipay: Alipay, person: string): bigint {
  return alipay.balances.get(person)?.amount ?? 0n;
}

/** The buyer meant by a user id (`2088…`) or by an open id of this application. */
export function buyerNamed(alipay: Alipay, app: App, id: string): Buyer | undefined {
  for (const buyer of alipay.buyers.values()) {
    if (buyer.user_id === id || openId(app.app_id, buyer.person.id) === id) return buyer;
  }
  return undefined;
}

export function buyersOf(people: readonly Person[]): Map<string, Buyer> {
  return new Map(
    people.map((person) => [
      person.id,
      { person, user_id: buyerId(person.id), logon_id: `${person.id.slice(0, 3)}***@sandbox.test` },
    ]),
  );
}

/** Everybody starts with 5,000 yuan, the last person with 1.00: somebody must be short of money. */
export function openBalances(alipay: Alipay): void {
  const last = alipay.options.people.at(-1)?.id;
  for (const { id } of alipay.options.people) {
    if (alipay.balances.get(id)) continue;
    alipay.balances.put(id, { amount: id === last ? POOR_BALANCE : DEFAULT_BALANCE });
  }
}
