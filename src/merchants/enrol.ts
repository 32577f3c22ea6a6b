import type { Queryable } from '../db/pool.ts';
import { assert, Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import type { WalletName } from '../wallets/wallet.ts';
import type { Enrolment } from './merchant.ts';
import { insertEnrolment, selectActiveAccounts, selectEnrolments } from './queries.ts';

export interface NewEnrolment {
  readonly merchant_id: string;
  readonly wallet: WalletName;
  /** May be left out while the installation has exactly one active account at this wallet. */
  readonly wallet_account_id?: string | undefined;
  /** The merchant's own number at the wallet; needed where the account is a platform's. */
  readonly sub_merchant?: string | undefined;
}

/**
 * Lets a merchant take a wallet through an account of this installation. Enrolling again at the
 * same account answers the enrolment there is. @throws Refusal naming what is missing
 */
export async function enrolMerchant(db: Queryable, input: NewEnrolment): Promise<Enrolment> {
  const { merchant_id, wallet } = input;
  const wallet_account_id = await chooseAccount(db, input);
  const id = newId('enr');
  const sub_merchant = input.sub_merchant ?? null;
  const state = 'active' as const;
  const enrolment = { id, merchant_id, wallet, wallet_account_id, sub_merchant, state };
  const made = await insertEnrolment(db, enrolment);
  if (made) return made;
  const all = await selectEnrolments(db, [merchant_id]);
  const existing = all.find((entry) => entry.wallet === wallet);
  assert(existing, `merchant ${merchant_id} has no enrolment at ${wallet} after a conflict`);
  const same = existing.wallet_account_id === wallet_account_id;
  if (same && existing.sub_merchant === sub_merchant) return existing;
  const as = existing.sub_merchant === null ? '' : ` as ${existing.sub_merchant}`;
  throw new Refusal('state_conflict', {
    param: same ? 'sub_merchant' : 'wallet_account',
    message: `this merchant takes ${wallet} through ${existing.wallet_account_id}${as} already`,
  });
}

/** As the merchant takes this wallet already, or else through the account that is named. */
export async function ensureEnrolment(
  db: Queryable,
  input: NewEnrolment & { readonly wallet_account_id: string },
): Promise<Enrolment> {
  const all = await selectEnrolments(db, [input.merchant_id]);
  return all.find(({ wallet }) => wallet === input.wallet) ?? enrolMerchant(db, input);
}

async function chooseAccount(db: Queryable, input: NewEnrolment): Promise<string> {
  const { wallet, wallet_account_id: named } = input;
  const [first, second] = await selectActiveAccounts(db, wallet, named ?? null);
  if (first && !second) return first.id;
  const none =
    named === undefined
      ? `there is no active account at ${wallet}: create one with POST /v1/wallet_accounts`
      : `there is no active account at ${wallet} with this id`;
  throw new Refusal('invalid_parameter', {
    param: 'wallet_account',
    message: `wallet_account: ${second ? `several accounts are active at ${wallet}: name one` : none}`,
  });
}
