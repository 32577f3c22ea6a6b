-- A bill that tells of a refund under way, and of no fee for it, has told all the same.
alter table fee_corrections drop constraint fee_corrections_check;
-- Whose a wallet account is, for breaks that belong to no payment.
create index enrolments_by_wallet_account on enrolments (wallet_account_id, merchant_id);
