-- What is on its way out of a merchant's account. Read from the newest posting back, and only until
-- the account's own sum is found: an account with a long past is asked as quickly as a new one.
create function open_merchant_reservations(of_book smallint, of_account text)
returns table (credit_account text, subject_id text, amount bigint)
language plpgsql stable
-- The order of the index is the order of the search.
set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
declare
  looked_for bigint := coalesce((select a.debits_pending from ledger_accounts a
    where a.book = of_book and a.id = of_account), 0);
  held record;
begin
  if looked_for = 0 then
    return;
  end if;
  for held in
    select p.id, p.credit_account, p.subject_id, p.amount from postings p
    where p.book = of_book and p.debit_account = of_account
      and starts_with(p.debit_account, 'merchant:') and p.kind = 'pending'
    order by p.id desc
  loop
    continue when exists (select from postings e where e.book = of_book and e.ends = held.id);
    credit_account := held.credit_account;
    subject_id := held.subject_id;
    amount := held.amount;
    return next;
    looked_for := looked_for - held.amount;
    exit when looked_for = 0;
  end loop;
end $$;

-- An update that finds room on its page leaves the index alone.
alter table ledger_accounts set (fillfactor = 70);
