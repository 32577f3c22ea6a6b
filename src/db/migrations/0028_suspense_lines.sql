-- Money from suspense is at the wallet account that has it there, whatever it is about: an order that
-- nobody knew is no payment.
create or replace function open_settlement_lines(of_book smallint, of_merchant text)
returns table (posting_id text, kind text, amount bigint, wallet_account_id text,
  business_at timestamptz, ledger_position bigint) language sql stable as $$
  with own as (
    select p.id, p.credit_account as other, -p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.debit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position >= (select coalesce(max(c.open_from), 0)
        from settlement_cursors c
        where c.book = of_book and c.merchant_id = of_merchant)
    union all
    select p.id, p.credit_account as other, -p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.debit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position is null
    union all
    select p.id, p.debit_account as other, p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.credit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position >= (select coalesce(max(c.open_from), 0)
        from settlement_cursors c
        where c.book = of_book and c.merchant_id = of_merchant)
    union all
    select p.id, p.debit_account as other, p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.credit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position is null
  )
  select o.id,
    case
      when starts_with(o.other, 'wallet_fees:') then 'wallet_fee'
      when starts_with(o.other, 'platform:') then 'platform_fee'
      when starts_with(o.other, 'wallet:') or starts_with(o.other, 'hold:')
        then case when o.amount > 0 then 'gross' else 'refund' end
      else 'adjustment'
    end,
    o.amount,
    coalesce(
      case when starts_with(o.other, 'wallet:') then substr(o.other, 8)
        when starts_with(o.other, 'wallet_fees:') then substr(o.other, 13)
        when starts_with(o.other, 'suspense:') then substr(o.other, 10) end,
      (select a.wallet_account_id from payments y
        join attempts a on a.book = y.book and a.id = y.succeeded_attempt_id
        where y.book = of_book and y.id = o.subject_id)),
    o.business_at, o.position
  from own o
  where o.reason not in ('payout', 'payout_returned')
    and not exists (select from settlement_lines l
      where l.book = of_book and l.posting_id = o.id offset 0)
$$;

-- Days of sellers were counted past such money: they begin at it again. The lock lets no day that is
-- being counted without it go past it once more.
lock table settlement_cursors in share row exclusive mode;
update settlement_cursors c set open_from = left_out.first
from (
  select p.book, substr(p.credit_account, 10) as merchant_id, min(p.position) as first
  from breaks b
  join postings p on p.book = b.book and p.subject_id in (b.id, b.payment_id)
  where p.kind = 'posted' and starts_with(p.debit_account, 'suspense:')
    and starts_with(p.credit_account, 'merchant:')
    and not exists (select from settlement_lines l where l.book = p.book and l.posting_id = p.id)
  group by p.book, p.credit_account
) left_out
where c.book = left_out.book and c.merchant_id = left_out.merchant_id
  and left_out.first < c.open_from;
