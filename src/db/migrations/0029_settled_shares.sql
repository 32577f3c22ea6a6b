-- What a seller gave to others, or has back from them, has a place of its own on its settlements.
alter table settlements add column shares bigint not null default 0;
alter table settlements drop constraint settlements_check;
alter table settlements add constraint settlements_check
  check (net = gross - refunds - wallet_fees - platform_fees - shares + adjustments);
alter table settlement_lines drop constraint settlement_lines_kind_check;
alter table settlement_lines add constraint settlement_lines_kind_check
  check (kind in ('gross', 'refund', 'wallet_fee', 'platform_fee', 'share', 'adjustment'));

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
      when starts_with(o.other, 'receiver:') then 'share'
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
