-- Every open reservation, with or without a time, by the account that it takes from: what a seller
-- has reserved is found without reading all that the seller ever had reserved.
alter table ledger_reservations alter column expires_at drop not null;
alter table ledger_reservations add column debit_account text;
update ledger_reservations k set debit_account = p.debit_account
  from postings p where p.book = k.book and p.id = k.id;
insert into ledger_reservations (book, id, debit_account)
select p.book, p.id, p.debit_account
from postings p
left join postings e on e.book = p.book and e.ends = p.id
where p.kind = 'pending' and p.expires_at is null and e.id is null;
alter table ledger_reservations alter column debit_account set not null;
create index ledger_reservations_by_account on ledger_reservations (book, debit_account);
drop index ledger_reservations_due;
create index ledger_reservations_due on ledger_reservations (book, expires_at)
  where expires_at is not null;
drop index postings_of_merchants_pending;
