-- Payouts that were not taken in the end, and whose money no bill had come back. What ended before
-- such days were kept counts as come back.
update payouts set given_back_on = '-infinity'
where state in ('refused', 'cancelled', 'returned') and billed_on is not null
  and given_back_on is null;
create index payouts_to_come_back on payouts (book, wallet_account_id)
  where billed_on is not null and given_back_on is null
    and state in ('refused', 'cancelled', 'returned');
