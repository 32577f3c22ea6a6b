-- The day whose bill had the money of a payout come back; a bill that is read again finds it.
alter table payouts add column given_back_on date;
create index payouts_by_return on payouts (book, wallet_account_id, given_back_on)
  where given_back_on is not null;
