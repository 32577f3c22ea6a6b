-- The bill in which a payout was found: it leaves on one day and may arrive on another.
alter table payouts add column billed_on date;
create index payouts_by_succeeded_at on payouts (book, wallet_account_id, succeeded_at)
  where succeeded_at is not null;
create index split_orders_by_finished_at on split_orders (book, finished_at)
  where finished_at is not null;
