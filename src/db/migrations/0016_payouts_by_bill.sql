-- A bill that is read again finds the payouts that it had before, however many there are.
create index payouts_by_bill on payouts (book, wallet_account_id, billed_on)
  where billed_on is not null;
