import { type BusinessDate, dayAfter, startOfDay } from '../clock.ts';
import { fragment, type Queryable, sql } from '../db/pool.ts';
import type { Page } from '../http/pagination.ts';
import type { Book } from '../ids.ts';
import type { CustodyKind } from '../wallets/wallet.ts';
import type { Payout } from './payout.ts';
import type { PayoutTerms, SealedTerms } from './terms.ts';

/** Every statement on payouts and their terms. */
const COLUMNS = fragment`
  book, id, version, platform_id, merchant_id, wallet_account_id, wallet, kind, state, amount,
  currency, payout_reference, wallet_payout_id, sub_merchant, payee, payee_hint, confirmation,
  refusal, cancel_requested_at, cancel_refusal, reservation_id, created_at, sent_at,
  succeeded_at
`;

export async function selectPayout(
  db: Queryable,
  book: Book,
  id: string,
): Promise<Payout | undefined> {
  const [row] = await db.query<Payout>(sql`
    select ${COLUMNS} from payouts where book = ${book} and id = ${id}`);
  return row;
}

/** The payout with this number at this wallet account: no other account may speak of it. */
export async function selectPayoutByReference(
  db: Queryable,
  at: { book: Book; wallet_account_id: string; payout_reference: string },
): Promise<Payout | undefined> {
  const [row] = await db.query<Payout>(sql`
    select ${COLUMNS} from payouts
    where book = ${at.book} and payout_reference = ${at.payout_reference}
      and wallet_account_id = ${at.wallet_account_id}`);
  return row;
}

export interface PayoutFilter {
  readonly book: Book;
  readonly platform_id: string;
  readonly merchant_id: string | null;
  readonly wallet_account_id: string | null;
  readonly state: string | null;
}

/** Newest first; one more than the page shows. */
export async function selectPayouts(
  db: Queryable,
  page: Page,
  filter: PayoutFilter,
): Promise<Payout[]> {
  return db.query<Payout>(sql`
    select ${COLUMNS} from payouts
    where book = ${filter.book} and platform_id = ${filter.platform_id}
      and (${filter.merchant_id}::text is null or merchant_id = ${filter.merchant_id})
      and (${filter.wallet_account_id}::text is null
        or wallet_account_id = ${filter.wallet_account_id})
      and (${filter.state}::text is null or state = ${filter.state})
      and (${page.before ?? null}::text is null or id < ${page.before ?? null})
    order by id desc limit ${page.limit + 1}`);
}

/**
 * Where a merchant is paid by itself and has settled money that has waited long enough until `day`,
 * that is as much as its terms want, and that no open payout stands before, nor one that was made
 * or ended unpaid since then: what was refused would be refused every minute, and what somebody has
 * taken back would leave again.
 */
export async function selectDue(
  db: Queryable,
  find: {
    readonly book: Book;
    readonly day: BusinessDate;
    readonly after: string;
    readonly limit: number;
  },
): Promise<{ id: string; merchant_id: string; wallet_account_id: string; platform_id: string }[]> {
  const { book, day, after, limit } = find;
  const since = startOfDay(dayAfter(day));
  return db.query(sql`
    select f.id, f.merchant_id, f.wallet_account_id, m.platform_id
    from seller_funds f
    join merchants m on m.id = f.merchant_id
    join payout_terms t on t.merchant_id = f.merchant_id
      and t.wallet_account_id = f.wallet_account_id and t.state = 'automatic'
    where f.book = ${book} and f.settled > f.paid_out and f.settled - f.paid_out >= t.minimum
      and f.id > ${after}
      and not exists (select from payouts p where p.book = f.book
        and p.merchant_id = f.merchant_id and p.wallet_account_id = f.wallet_account_id
        and p.state in ('created', 'pending', 'needs_payee', 'unknown'))
      and not exists (select from payouts p where p.book = f.book
        and p.merchant_id = f.merchant_id and p.wallet_account_id = f.wallet_account_id
        and p.state in ('refused', 'cancelled', 'returned')
        and (p.created_at >= ${since} or exists (select from postings v
          where v.book = p.book and v.business_at >= ${since}
            and (v.ends = p.reservation_id and v.kind = 'void'
              or v.subject_id = p.id and v.reason = 'payout_returned'))))
      and f.settled - f.paid_out - t.minimum >= (
        select coalesce(sum(greatest(s.net, 0)), 0) from settlements s
        where s.book = f.book and s.merchant_id = f.merchant_id
          and s.wallet_account_id = f.wallet_account_id and s.state = 'settled'
          and s.business_date > ${day}::date - t.hold_days)
    order by f.id limit ${limit}`);
}

export async function selectTerms(
  db: Queryable,
  merchantIds: readonly string[],
): Promise<SealedTerms[]> {
  return db.query<SealedTerms>(sql`
    select merchant_id, wallet_account_id, state, payee, payee_hint, minimum, hold_days
    from payout_terms where merchant_id = any(${[...merchantIds]})
    order by merchant_id, wallet_account_id`);
}

export async function upsertTerms(
  db: Queryable,
  terms: PayoutTerms & { readonly payee: Buffer | null },
): Promise<void> {
  await db.query(sql`
    insert into payout_terms
      (merchant_id, wallet_account_id, state, payee, payee_hint, minimum, hold_days)
    values (${terms.merchant_id}, ${terms.wallet_account_id}, ${terms.state}, ${terms.payee},
      ${terms.payee_hint}, ${terms.minimum}, ${terms.hold_days})
    on conflict (merchant_id, wallet_account_id) do update set
      state = excluded.state, payee = excluded.payee, payee_hint = excluded.payee_hint,
      minimum = excluded.minimum, hold_days = excluded.hold_days, updated_at = now()`);
}

/** The wallet account through which a merchant takes a wallet, and the merchant's number there. */
export async function selectPayoutAccount(
  db: Queryable,
  merchantId: string,
  walletAccountId: string,
): Promise<{ custody: CustodyKind; sub_merchant: string | null } | undefined> {
  const [row] = await db.query<{ custody: CustodyKind; sub_merchant: string | null }>(sql`
    select a.custody, e.sub_merchant from wallet_accounts a
    join enrolments e on e.wallet_account_id = a.id and e.merchant_id = ${merchantId}
    where a.id = ${walletAccountId}`);
  return row;
}
