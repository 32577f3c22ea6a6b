-- When the wallet is asked again what it still holds after its own limit; null: at once.
alter table holds add column next_query_at timestamptz;
