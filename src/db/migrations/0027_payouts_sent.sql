-- When the last request for a payout left, by the clock on the wall: until a minute later it may still arrive.
-- What is there already, and what the release before makes beside this one, counts as sent when it is written.
alter table payouts add column sent_at timestamptz not null default now();
