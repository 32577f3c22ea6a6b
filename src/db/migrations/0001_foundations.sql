-- Reference data has no book; every table that grows with traffic has `book` first in its key.

create table installation (
  one boolean primary key default true check (one),
  mode text not null check (mode in ('sandbox', 'production')),
  clock_offset_ms bigint not null default 0,
  created_at timestamptz not null default now(),
  check (mode = 'sandbox' or clock_offset_ms = 0)
);

-- Business time: the database's clock plus the one stored offset of a sandbox.
create function hutong_now() returns timestamptz language sql volatile parallel safe as $$
  select clock_timestamp()
    + coalesce((select clock_offset_ms from installation), 0) * interval '1 millisecond'
$$;

create table platforms (
  id text primary key,
  slug text not null unique check (slug ~ '^[a-z0-9_]{1,40}$'),
  name text not null,
  -- hosts that return_url and order.url may name
  hosts text[] not null default '{}',
  book smallint not null default 0 check (book between 0 and 1023),
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create table api_keys (
  id text primary key,
  key_hash text not null unique,
  hint text not null,
  role text not null check (role in ('operator', 'marketplace', 'merchant', 'wallet')),
  platform_id text references platforms (id),
  merchant_id text,
  wallet text,
  api_version text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  check (role <> 'marketplace' or platform_id is not null),
  check (role <> 'merchant' or merchant_id is not null),
  check (role <> 'wallet' or wallet is not null)
);

create table wallet_accounts (
  id text primary key,
  wallet text not null,
  name text not null,
  custody text not null check (custody in ('merchant_own', 'wallet_held', 'hub_held')),
  -- the merchant's number at the wallet; one account per number
  wallet_merchant text not null,
  settings jsonb not null,
  -- AES-256-GCM under the master key, bound to the id
  credentials bytea not null,
  state text not null default 'active' check (state in ('active', 'suspended')),
  created_at timestamptz not null default now(),
  unique (wallet, wallet_merchant)
);

create table merchants (
  id text primary key,
  platform_id text not null references platforms (id),
  name text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index merchants_by_platform on merchants (platform_id, id);

alter table api_keys add foreign key (merchant_id) references merchants (id);

create table enrolments (
  id text primary key,
  merchant_id text not null references merchants (id),
  wallet text not null,
  wallet_account_id text not null references wallet_accounts (id),
  state text not null check (state in ('active', 'suspended')),
  created_at timestamptz not null default now(),
  unique (merchant_id, wallet)
);

-- A gate lets one platform's shops take one wallet; seeded open until agreements fill it.
create table gates (
  id text primary key,
  platform_id text not null references platforms (id),
  wallet text not null,
  state text not null check (state in ('open', 'closed')),
  reason text not null default '',
  opened_at timestamptz not null default now(),
  unique (platform_id, wallet)
);

create table idempotency_keys (
  book smallint not null,
  -- sha-256 over caller, path and the caller's key
  key_hash text not null,
  body_digest text not null,
  state text not null check (state in ('in_flight', 'done')),
  lease_until timestamptz not null,
  status smallint,
  response text,
  -- set before a wallet call may leave: a replay shows this object's present state
  object_id text,
  created_at timestamptz not null default now(),
  primary key (book, key_hash)
);
create index idempotency_keys_by_age on idempotency_keys (book, created_at);
