-- Public events of an object, and the internal steps of its timeline (public = false).
create table events (
  book smallint not null,
  id text not null,
  type text not null,
  platform_id text not null,
  object_id text not null,
  -- the payment whose timeline shows it
  payment_id text,
  -- per object, from 1; 0 for internal steps
  sequence integer not null default 0,
  public boolean not null,
  data jsonb not null,
  -- gapless position in the platform's book, given after commit by the sealer
  position bigint,
  created_at timestamptz not null default clock_timestamp(),
  primary key (book, id)
);
create index events_by_payment on events (book, payment_id, id);
create unique index events_by_position on events (book, position) where position is not null;
create index events_unsealed on events (book, created_at, id) where position is null and public;
create index events_by_platform on events (book, platform_id, position) where position is not null;

create table webhook_endpoints (
  id text primary key,
  platform_id text not null references platforms (id),
  url text not null,
  -- empty = every type
  event_types text[] not null default '{}',
  state text not null default 'enabled' check (state in ('enabled', 'disabled')),
  disabled_reason text,
  -- encrypted under the master key; the second one is valid until previous_until
  secret bytea not null,
  previous_secret bytea,
  previous_until timestamptz,
  created_at timestamptz not null default now()
);
create index webhook_endpoints_by_platform on webhook_endpoints (platform_id);

create table deliveries (
  book smallint not null,
  id text not null,
  event_id text not null,
  endpoint_id text not null,
  platform_id text not null,
  payment_id text,
  state text not null check (state in ('pending', 'delivered', 'failed')),
  tries integer not null default 0,
  last_status integer,
  last_error text,
  next_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  primary key (book, id)
);
create index deliveries_by_payment on deliveries (book, payment_id, id);
create index deliveries_by_platform on deliveries (book, platform_id, id);

-- Durable work. While a worker holds a job, run_at is the end of its lease: a dead worker's job
-- becomes due again by itself. `token` fences a worker whose lease has passed on.
create table jobs (
  book smallint not null,
  id text not null,
  kind text not null,
  -- unique per kind: the same intent is queued once
  key text not null,
  payload jsonb not null default '{}',
  state text not null default 'ready' check (state in ('ready', 'dead')),
  run_at timestamptz not null default now(),
  tries integer not null default 0,
  token text,
  last_error text,
  created_at timestamptz not null default now(),
  primary key (book, id)
);
create unique index jobs_once on jobs (book, kind, key);
create index jobs_due on jobs (book, kind, run_at) where state = 'ready';
-- Every job leaves dead rows behind: keep them few, or claims slow down.
alter table jobs set
  (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, fillfactor = 70);

-- Periodic work: whoever takes the row runs it until run_at comes again.
create table schedules (
  name text primary key,
  run_at timestamptz not null default '-infinity',
  token text
);
