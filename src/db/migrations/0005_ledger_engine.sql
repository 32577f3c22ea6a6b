-- One writer per book: whoever holds the head's lease. Its epoch fences a writer whose lease has
-- passed on; its position and hash are where the chain of postings ends.
create table ledger_heads (
  book smallint primary key,
  epoch bigint not null default 0,
  holder text not null default '',
  -- real time
  lease_until timestamptz not null default '-infinity',
  position bigint not null default 0,
  hash bytea not null check (length(hash) = 32),
  sealed_at timestamptz not null default '-infinity'
);

-- One link of the chain per batch: SHA-256 over the hash before it and the batch's postings.
create table ledger_seals (
  book smallint not null,
  first_position bigint not null,
  last_position bigint not null,
  hash bytea not null check (length(hash) = 32),
  epoch bigint not null,
  sealed_at timestamptz not null,
  primary key (book, last_position),
  check (first_position between 1 and last_position)
);
revoke update, delete, truncate on ledger_seals from current_user;

-- gapless per book; null only for postings older than the chain
alter table postings add position bigint;
-- business time at which a reservation ends by itself
alter table postings add expires_at timestamptz;
alter table postings drop constraint postings_kind_check;
alter table postings drop constraint postings_check1;
alter table postings add constraint postings_kind_check
  check (kind in ('posted', 'pending', 'post', 'void', 'expire'));
alter table postings add constraint postings_ends_check
  check ((kind in ('post', 'void', 'expire')) = (ends is not null));
alter table postings add constraint postings_expires_check
  check (expires_at is null or kind = 'pending');
create unique index postings_by_position on postings (book, position) where position is not null;
drop index postings_by_debit_account;
drop index postings_by_credit_account;
create index postings_by_debit_account on postings (book, debit_account, position);
create index postings_by_credit_account on postings (book, credit_account, position);

-- greatest balance on the normal side that our own intents may leave; null = no cap
alter table ledger_accounts add cap bigint;
-- postings that touched this account
alter table ledger_accounts add entries bigint not null default 0;

-- What an account was after every thousandth posting or so: its past without reading all of it.
create table ledger_snapshots (
  book smallint not null,
  account text not null,
  position bigint not null,
  entries bigint not null,
  debits_pending bigint not null,
  debits_posted bigint not null,
  credits_pending bigint not null,
  credits_posted bigint not null,
  sealed_at timestamptz not null,
  primary key (book, account, position)
);

-- Reservations that end by themselves, while they are open.
create table ledger_reservations (
  book smallint not null,
  id text not null,
  expires_at timestamptz not null,
  primary key (book, id)
);
create index ledger_reservations_due on ledger_reservations (book, expires_at);

-- Moves with an id of their caller's: the same id and body has the same answer for ever.
create table ledger_moves (
  book smallint not null,
  id text not null,
  digest text not null,
  result jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (book, id)
);

-- Moves on their way from another process to the book's writer, and the answers back.
create table ledger_mail (
  book smallint not null,
  id text not null,
  move jsonb not null,
  result jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (book, id)
);
create index ledger_mail_unanswered on ledger_mail (book, id) where result is null;
alter table ledger_mail set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
