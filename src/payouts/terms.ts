import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { assert, Refusal } from '../errors.ts';
import { selectPayoutAccount, selectTerms, upsertTerms } from './queries.ts';

/** How a merchant is paid out through one wallet account. */
export interface PayoutTerms {
  readonly merchant_id: string;
  readonly wallet_account_id: string;
  /** `manual`: on request only. `paused`: not at all. */
  readonly state: 'automatic' | 'manual' | 'paused';
  /** The end of the payee's number, to recognize it by. */
  readonly payee_hint: string | null;
  /** Least amount of one payout, fen. */
  readonly minimum: bigint;
  /** Days that settled money waits. */
  readonly hold_days: number;
}

export interface SealedTerms extends PayoutTerms {
  readonly payee: Buffer | null;
}

/** A person or business at the wallet. */
export interface Payee {
  readonly payee: string;
  readonly name?: string | undefined;
}

/** What is left out stays as it is. */
export interface TermsChange {
  readonly wallet_account: string;
  readonly payee?: string | undefined;
  readonly payee_name?: string | undefined;
  readonly state?: PayoutTerms['state'] | undefined;
  readonly minimum?: bigint | undefined;
  readonly hold_days?: number | undefined;
}

const DEFAULT_MINIMUM = 100n;
const HINT_LENGTH = 4;

export async function changeTerms(
  app: Pick<App, 'vault'>,
  db: Queryable,
  merchant_id: string,
  change: TermsChange,
): Promise<void> {
  const { wallet_account: wallet_account_id, payee } = change;
  await checkAccount(db, merchant_id, change);
  const before = await findTerms(db, merchant_id, wallet_account_id);
  const sealed =
    payee === undefined
      ? { payee: before?.payee ?? null, payee_hint: before?.payee_hint ?? null }
      : {
          payee: sealPayee(app, boundTo(merchant_id, wallet_account_id), {
            payee,
            name: change.payee_name,
          }),
          payee_hint: payee.slice(-HINT_LENGTH),
        };
  await upsertTerms(db, {
    merchant_id,
    wallet_account_id,
    state: change.state ?? before?.state ?? 'automatic',
    minimum: change.minimum ?? before?.minimum ?? DEFAULT_MINIMUM,
    hold_days: change.hold_days ?? before?.hold_days ?? 0,
    ...sealed,
  });
}

async function checkAccount(
  db: Queryable,
  merchant_id: string,
  change: TermsChange,
): Promise<void> {
  const refuse = (message: string) =>
    new Refusal('invalid_parameter', { param: 'payouts', message: `payouts: ${message}` });
  const account = await selectPayoutAccount(db, merchant_id, change.wallet_account);
  if (!account) throw refuse(`the merchant is not enrolled through ${change.wallet_account}`);
  if (account.custody === 'merchant_own') {
    throw refuse(`the wallet pays the merchant of ${change.wallet_account} by itself`);
  }
  if (account.custody === 'wallet_held' && change.payee !== undefined) {
    throw refuse('a withdrawal goes to the bank account that the seller has at the wallet');
  }
  if (change.payee_name !== undefined && change.payee === undefined) {
    throw refuse('payee_name needs payee');
  }
}

/** The terms of these merchants. */
export function termsOf(db: Queryable, merchantIds: readonly string[]): Promise<PayoutTerms[]> {
  return selectTerms(db, merchantIds);
}

export async function findTerms(
  db: Queryable,
  merchant_id: string,
  wallet_account_id: string,
): Promise<SealedTerms | undefined> {
  const all = await selectTerms(db, [merchant_id]);
  return all.find((terms) => terms.wallet_account_id === wallet_account_id);
}

/** The payee of these terms; undefined while none was given. */
export function payeeOf(app: Pick<App, 'vault'>, terms: SealedTerms): Payee | undefined {
  if (terms.payee === null) return undefined;
  return openPayee(app, boundTo(terms.merchant_id, terms.wallet_account_id), terms.payee);
}

export function sealPayee(app: Pick<App, 'vault'>, bound_to: string, payee: Payee): Buffer {
  return app.vault.seal(JSON.stringify(payee), bound_to);
}

export function openPayee(app: Pick<App, 'vault'>, bound_to: string, sealed: Buffer): Payee {
  const value: unknown = JSON.parse(app.vault.open(sealed, bound_to));
  assert(typeof value === 'object' && value !== null && 'payee' in value, 'a payee is unreadable');
  const name = 'name' in value && typeof value.name === 'string' ? value.name : undefined;
  return { payee: String(value.payee), name };
}

function boundTo(merchant_id: string, wallet_account_id: string): string {
  return `${merchant_id}/${wallet_account_id}`;
}
