-- That a payout is to be taken back is committed before its wallet is asked.
alter table payouts add column cancel_requested_at timestamptz;

-- The timeline of what is about no payment. Payments have indexes of their own.
create index events_by_object on events (book, object_id, id) where payment_id is null;
create index deliveries_by_event on deliveries (book, event_id, id) where payment_id is null;
