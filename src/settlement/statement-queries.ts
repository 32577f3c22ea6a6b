import { type Queryable, sql } from '../db/pool.ts';
import type { Book } from '../ids.ts';
import type { WalletName } from '../wallets/wallet.ts';

/** A merchant's postings by business time. */
export interface Range {
  readonly book: Book;
  readonly merchant_id: string;
  readonly from: Date;
  readonly before: Date;
}

export const STATEMENT_KINDS = [
  'payment',
  'refund',
  'wallet_fee',
  'platform_fee',
  'share',
  'payout',
  'payout_returned',
  'adjustment',
] as const;

export interface StatementLine {
  /** The posting. */
  readonly id: string;
  readonly at: Date;
  readonly kind: (typeof STATEMENT_KINDS)[number];
  /** Signed: what it adds to the seller's balance. */
  readonly amount: bigint;
  readonly payment_id: string | null;
  readonly payout_id: string | null;
  readonly order_reference: string | null;
  readonly wallet: WalletName | null;
}

export interface LinePlace {
  readonly at: Date;
  readonly id: string;
}

/**
 * Balances at both ends, and the position in the ledger of the latest posting of the range. All in
 * one snapshot; one that is committed later has a later position.
 */
export async function selectBounds(
  db: Queryable,
  { book, merchant_id, from, before }: Range,
): Promise<{ opening: bigint; closing: bigint; as_of: bigint }> {
  const account = `merchant:${merchant_id}`;
  const [row] = await db.query<{ opening: bigint; closing: bigint; as_of: bigint }>(sql`
    with since as (
      select -amount as amount, business_at, position from postings
      where book = ${book} and debit_account = ${account}
        and starts_with(debit_account, 'merchant:')
        and kind in ('posted', 'post') and business_at >= ${from}
      union all
      select amount, business_at, position from postings
      where book = ${book} and credit_account = ${account}
        and starts_with(credit_account, 'merchant:')
        and kind in ('posted', 'post') and business_at >= ${from}
    ), now as (
      select coalesce((select credits_posted - debits_posted from ledger_accounts
        where book = ${book} and id = ${account}), 0) as posted
    )
    select (now.posted - coalesce((select sum(amount) from since), 0))::bigint as opening,
      (now.posted - coalesce(
        (select sum(amount) from since where business_at >= ${before}), 0))::bigint as closing,
      coalesce((select max(position) from since where business_at < ${before}), 0) as as_of
    from now`);
  return row!;
}

/** Oldest first, after a place. */
export async function selectStatementLines(
  db: Queryable,
  { book, merchant_id, from, before }: Range,
  page: { readonly as_of: bigint; readonly after: LinePlace | null; readonly limit: number },
): Promise<StatementLine[]> {
  const account = `merchant:${merchant_id}`;
  const after_at = page.after?.at ?? from;
  const after_id = page.after?.id ?? '';
  return db.query<StatementLine>(sql`
    with found as (
      (select id, business_at, -amount as amount, credit_account as other, reason, subject_id
      from postings
      where book = ${book} and debit_account = ${account}
        and starts_with(debit_account, 'merchant:') and kind in ('posted', 'post')
        and (business_at, id) > (${after_at}, ${after_id}) and business_at < ${before}
        and coalesce(position, 0) <= ${page.as_of}
      order by business_at, id limit ${page.limit})
      union all
      (select id, business_at, amount, debit_account, reason, subject_id
      from postings
      where book = ${book} and credit_account = ${account}
        and starts_with(credit_account, 'merchant:') and kind in ('posted', 'post')
        and (business_at, id) > (${after_at}, ${after_id}) and business_at < ${before}
        and coalesce(position, 0) <= ${page.as_of}
      order by business_at, id limit ${page.limit})
      order by business_at, id limit ${page.limit}
    )
    select f.id, f.business_at as at, f.amount, y.id as payment_id,
      o.id as payout_id, y.order_reference,
      coalesce(y.wallet, o.wallet) as wallet,
      case
        when f.reason in ('payout', 'payout_returned') then f.reason
        when starts_with(f.other, 'wallet_fees:') then 'wallet_fee'
        when starts_with(f.other, 'platform:') then 'platform_fee'
        when starts_with(f.other, 'receiver:') then 'share'
        when starts_with(f.other, 'wallet:') or starts_with(f.other, 'hold:')
          then case when f.amount > 0 then 'payment' else 'refund' end
        else 'adjustment' end as kind
    from found f
    left join payments y on y.book = ${book} and y.id = f.subject_id
    left join payouts o on o.book = ${book} and o.id = f.subject_id
    order by f.business_at, f.id`);
}
