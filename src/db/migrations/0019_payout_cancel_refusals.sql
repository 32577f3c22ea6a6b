-- What a wallet answered that does not give a payout back.
alter table payouts add column cancel_refusal jsonb;
