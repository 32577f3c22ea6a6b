-- Held money: who may receive shares of a payment, what is held of it, every request about it.

-- Null for a payment that is the merchant's at once.
alter table payments add column terms jsonb;

create table receivers (
  id text primary key,
  platform_id text not null references platforms (id),
  name text not null,
  kind text not null check (kind in ('merchant', 'person')),
  -- By wallet: account and registered name there.
  accounts jsonb not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index receivers_by_platform on receivers (platform_id, id);

-- Which wallet accounts have told their wallet of a receiver.
create table receiver_introductions (
  receiver_id text not null references receivers (id),
  wallet_account_id text not null references wallet_accounts (id),
  introduced_at timestamptz not null default now(),
  primary key (receiver_id, wallet_account_id)
);

create table holds (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  sequence integer not null default 0,
  subject_id text not null,
  payment_id text not null,
  platform_id text not null,
  merchant_id text not null,
  attempt_id text not null,
  wallet text not null,
  wallet_account_id text not null,
  capture text not null check (capture in ('instant', 'escrow')),
  state text not null check (state in ('held', 'releasing', 'released', 'returned')),
  amount bigint not null check (amount > 0),
  released bigint not null default 0 check (released >= 0),
  shared bigint not null default 0 check (shared >= 0),
  returned bigint not null default 0 check (returned >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  releasable_at timestamptz not null,
  release_at timestamptz not null,
  wallet_limit_at timestamptz not null,
  warned_at timestamptz,
  disputed_at timestamptz,
  dispute_reason text,
  shipped_at timestamptz,
  shipment jsonb,
  created_at timestamptz not null,
  closed_at timestamptz,
  primary key (book, id),
  check (released + shared + returned + reserved <= amount),
  check ((closed_at is null) = (state in ('held', 'releasing')))
);
create unique index holds_by_subject on holds (book, subject_id);
create index holds_by_payment on holds (book, payment_id);
create index holds_by_platform on holds (book, platform_id, id);
create index holds_due on holds (book, release_at) where state = 'held' and disputed_at is null;
create index holds_ending on holds (book, wallet_limit_at) where state = 'held';

create table split_orders (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  hold_id text not null,
  payment_id text not null,
  kind text not null check (kind in ('split', 'release', 'return')),
  state text not null check (state in ('created', 'pending', 'unknown', 'finished', 'refused')),
  why text not null,
  split_reference text not null,
  wallet_split_id text,
  amount bigint not null check (amount > 0),
  merchant_amount bigint not null check (merchant_amount >= 0),
  merchant_reservation_id text,
  parts jsonb not null,
  release_rest boolean not null,
  refund_id text,
  returns_id text,
  refusal jsonb,
  next_query_at timestamptz,
  queries integer not null default 0,
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (book, id)
);
create unique index split_orders_by_reference on split_orders (book, split_reference);
create index split_orders_by_payment on split_orders (book, payment_id, id);
-- Money of one hold is let go by one request at a time.
create unique index split_orders_one_live on split_orders (book, hold_id)
  where kind <> 'return' and state in ('created', 'pending', 'unknown');
create index split_orders_to_query on split_orders (book, next_query_at)
  where next_query_at is not null;

alter table refunds add column hold_id text;
alter table refunds add column from_hold bigint not null default 0;
alter table refunds add column hold_reservation_id text;
