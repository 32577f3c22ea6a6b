-- When the last request for a payout left, in real time: until a minute later it may still arrive.
-- What is there already, and what the release before makes beside this one, counts as sent when it
-- is written.
alter table payouts add column sent_at timestamptz not null default now();
