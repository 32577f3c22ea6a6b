-- Double entry: balances per account are debits/credits x pending/posted; a posting row is one
-- debit account, one credit account and a positive amount, so imbalance cannot be written.

create table ledger_accounts (
  book smallint not null,
  id text not null,
  currency text not null check (currency = 'CNY'),
  -- which side makes the balance grow
  normal text not null check (normal in ('debit', 'credit')),
  custody text check (custody in ('merchant_own', 'wallet_held', 'hub_held')),
  -- least balance on the normal side that our own intents may leave; null = no floor
  floor bigint,
  debits_pending bigint not null default 0 check (debits_pending >= 0),
  debits_posted bigint not null default 0 check (debits_posted >= 0),
  credits_pending bigint not null default 0 check (credits_pending >= 0),
  credits_posted bigint not null default 0 check (credits_posted >= 0),
  created_at timestamptz not null default now(),
  primary key (book, id)
);

create table postings (
  book smallint not null,
  id text not null,
  move_id text not null,
  debit_account text not null,
  credit_account text not null,
  amount bigint not null check (amount > 0),
  currency text not null check (currency = 'CNY'),
  -- posted: final. pending: a reservation. post / void: the end of the reservation in `ends`.
  kind text not null check (kind in ('posted', 'pending', 'post', 'void')),
  ends text,
  -- what the money is: payment, refund, fee estimate, suspense…
  reason text not null,
  -- the payment this belongs to, for its timeline
  subject_id text,
  business_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (book, id),
  check (debit_account <> credit_account),
  check ((kind in ('post', 'void')) = (ends is not null))
);
create unique index postings_end_once on postings (book, ends) where ends is not null;
create index postings_by_subject on postings (book, subject_id, id);
create index postings_by_debit_account on postings (book, debit_account, id);
create index postings_by_credit_account on postings (book, credit_account, id);

-- Append-only: even the owner's statements are refused; a correction is a new posting.
revoke update, delete, truncate on postings from current_user;
