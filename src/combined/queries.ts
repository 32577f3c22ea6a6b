import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { WalletName } from '../wallets/wallet.ts';
import type { AttemptPart } from './attempt-part.ts';

/** Every statement on parts at wallets. */
export async function selectAttemptParts(
  db: Queryable,
  book: Book,
  attemptId: string,
): Promise<AttemptPart[]> {
  return db.query<AttemptPart>(sql`
    select book, wallet_reference, attempt_id, payment_id, part_id, position, wallet_account_id,
      amount, description, sub_merchant, wallet_transaction_id
    from attempt_parts where book = ${book} and attempt_id = ${attemptId} order by position`);
}

/** The part with this number at this wallet account: no other account may speak of it. */
export async function selectPartByReference(
  db: Queryable,
  book: Book,
  walletAccountId: string,
  reference: string,
): Promise<AttemptPart | undefined> {
  const [row] = await db.query<AttemptPart>(sql`
    select book, wallet_reference, attempt_id, payment_id, part_id, position, wallet_account_id,
      amount, description, sub_merchant, wallet_transaction_id
    from attempt_parts where book = ${book} and wallet_reference = ${reference}
      and wallet_account_id = ${walletAccountId}`);
  return row;
}

export async function selectSellers(
  db: Queryable,
  walletAccountId: string,
  merchantIds: readonly string[],
): Promise<{ merchant_id: string; sub_merchant: string | null }[]> {
  return db.query(sql`
    select merchant_id, sub_merchant from enrolments
    where wallet_account_id = ${walletAccountId} and merchant_id = any(${[...merchantIds]})`);
}

export interface SharedEnrolment {
  readonly wallet: WalletName;
  /** The one account through which all of them take the wallet; null when there is none. */
  readonly wallet_account_id: string | null;
  readonly sub_merchant: null;
  readonly enrolment_state: 'active' | null;
  readonly account_state: string | null;
  readonly gate_state: string | null;
}

/** Per wallet: whether all these merchants take it through one account. */
export async function selectSharedEnrolments(
  db: Queryable,
  wallets: readonly WalletName[],
  platformId: string,
  merchantIds: readonly string[],
): Promise<SharedEnrolment[]> {
  const ids = [...new Set(merchantIds)];
  return db.query<SharedEnrolment>(sql`
    with shared as (
      select wallet, wallet_account_id from enrolments
      where merchant_id = any(${ids}) and state = 'active'
      group by wallet, wallet_account_id having count(*) = ${ids.length})
    select w.wallet, s.wallet_account_id, null as sub_merchant,
      case when s.wallet_account_id is not null then 'active' end as enrolment_state,
      a.state as account_state, g.state as gate_state
    from unnest(${[...wallets]}::text[]) as w (wallet)
    left join shared s on s.wallet = w.wallet
    left join wallet_accounts a on a.id = s.wallet_account_id
    left join gates g on g.platform_id = ${platformId} and g.wallet = w.wallet`);
}
