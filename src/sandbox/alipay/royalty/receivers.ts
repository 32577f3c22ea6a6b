import { InsufficientFunds } from '../../funds.ts';
import { type Alipay, type App, type Buyer, balanceOf, buyerNamed } from '../books.ts';
import { PURSE } from '../money.ts';
import type { AccountType } from './book.ts';

/** Who is behind an account that a merchant names, and how money comes and goes there. */
export const ACCOUNT_TYPES: readonly AccountType[] = ['userId', 'loginName', 'openId'];

/** The full account name of a person; the wallet shows it to merchants masked only. */
export function loginName(buyer: Buyer): string {
  return `${buyer.person.id}@sandbox.test`;
}

function isMerchant(alipay: Alipay, number: string): boolean {
  if (alipay.direct.sellers.get(number)) return true;
  return [...alipay.apps.values()].some(({ seller_id }) => seller_id === number);
}

function personBehind(alipay: Alipay, receiver: string): Buyer | undefined {
  return [...alipay.buyers.values()].find(({ user_id }) => user_id === receiver);
}

export interface NamedAccount {
  readonly type: AccountType;
  readonly account: string;
}

/** A merchant's number or a person's user id; undefined when there is nobody. */
export function receiverBehind(
  alipay: Alipay,
  app: App,
  { type, account }: NamedAccount,
): string | undefined {
  switch (type) {
    case 'userId':
      if (isMerchant(alipay, account)) return account;
      return personBehind(alipay, account)?.user_id;
    case 'openId':
      return buyerNamed(alipay, app, account)?.user_id;
    case 'loginName':
      return [...alipay.buyers.values()].find((buyer) => loginName(buyer) === account)?.user_id;
    default:
      return type satisfies never;
  }
}

/** Registered names that the wallet would accept for this receiver; empty when it has none. */
export function namesOf(alipay: Alipay, receiver: string): readonly string[] {
  const person = personBehind(alipay, receiver)?.person;
  if (person) return [person.name.zh, person.name.en];
  const seller = alipay.direct.sellers.get(receiver);
  if (seller) return [seller.name, seller.alias];
  const app = [...alipay.apps.values()].find(({ seller_id }) => seller_id === receiver);
  return app ? [app.payee.zh, app.payee.en] : [];
}

interface Movement {
  readonly receiver: string;
  readonly amount: bigint;
  /** The wallet's number of the split, and the merchant's. */
  readonly business_no: string;
  readonly reference: string;
  readonly note: string;
}

const TYPE = '分账';

/** Money comes to a receiver of a split. */
export function creditReceiver(alipay: Alipay, movement: Movement): void {
  move(alipay, movement, 'in');
}

export function canDebit(alipay: Alipay, receiver: string, amount: bigint): boolean {
  const person = personBehind(alipay, receiver);
  const free = person
    ? balanceOf(alipay, person.person.id)
    : alipay.funds.available(receiver, PURSE);
  return free >= amount;
}

/** A receiver gives money back, or pays into a trade; throws InsufficientFunds. */
export function debitReceiver(alipay: Alipay, movement: Movement): void {
  if (!canDebit(alipay, movement.receiver, movement.amount)) {
    throw new InsufficientFunds(movement.receiver);
  }
  move(alipay, movement, 'out');
}

function move(alipay: Alipay, movement: Movement, direction: 'in' | 'out'): void {
  const { receiver, amount, business_no, reference, note } = movement;
  const person = personBehind(alipay, receiver);
  if (person) {
    const { id } = person.person;
    const change = direction === 'in' ? amount : -amount;
    alipay.balances.put(id, { amount: balanceOf(alipay, id) + change });
    return;
  }
  const at = alipay.options.clock.now().getTime();
  const entry = { holder: receiver, purse: PURSE, at, direction, amount, type: TYPE };
  alipay.funds.post({ ...entry, business_no, reference, note });
}
