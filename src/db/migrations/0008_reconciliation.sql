-- One business day of one wallet account, closed against what the wallet says of it. Grows with
-- days, not with traffic, and is about every book at once: reference data without a book.
create table bills (
  id text primary key,
  wallet_account_id text not null references wallet_accounts (id),
  date date not null,
  -- waiting: not fetched yet, or the wallet has not made it. closed: compared, report is there.
  -- failed: it could not be fetched or read; see problem.
  state text not null check (state in ('waiting', 'closed', 'failed')),
  problem text,
  -- how often it was fetched and compared
  runs integer not null default 0,
  report jsonb,
  -- the account's money at the wallet after that day, where there is a bill of funds
  closing_balance bigint,
  -- business time
  created_at timestamptz not null,
  closed_at timestamptz,
  unique (wallet_account_id, date)
);

-- Fees as the bill has them: what each payment or refund differs by from what was booked. The rows
-- of a batch are posted together, as one posting for each batch.
create table fee_batches (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  bill_id text not null,
  wallet_account_id text not null,
  merchant_id text not null,
  -- fen; positive: the wallet took more than was estimated
  amount bigint not null,
  lines integer not null check (lines > 0),
  state text not null check (state in ('planned', 'posted')),
  created_at timestamptz not null,
  primary key (book, id)
);
create index fee_batches_by_bill on fee_batches (book, bill_id, id);

create table fee_corrections (
  book smallint not null,
  batch_id text not null,
  -- the attempt or refund
  subject_id text not null,
  payment_id text not null,
  booked bigint not null,
  billed bigint not null,
  primary key (book, batch_id, subject_id),
  check (booked <> billed)
);
create index fee_corrections_by_subject on fee_corrections (book, subject_id);

-- What a wallet tells by itself and what its bill says are breaks of the same kinds.
update breaks set kind = case kind
  when 'unknown_order' then 'missing_here' when 'unknown_refund' then 'missing_here'
  when 'unknown_payout' then 'missing_here' when 'refused_payout_paid' then 'state'
  when 'wrong_payout' then 'amount' when 'wrong_amount' then 'amount' when 'wrong_refund' then 'amount'
  when 'wrong_merchant' then 'merchant' when 'wrong_currency' then 'currency' else kind end;
alter table breaks add column version integer not null default 1;
alter table breaks add column about text not null default 'payment'
  check (about in ('payment', 'refund', 'payout', 'funds'));
update breaks set about = 'refund' where detail ? 'refund_reference';
update breaks set about = 'payout' where detail ? 'payout_reference';
alter table breaks add column bill_id text;
-- fen; positive: by the wallet's word we have more there than by our books
alter table breaks add column amount bigint;
alter table breaks add column fee bigint;
alter table breaks add column resolved_at timestamptz;
-- who did what, when and why, oldest first
alter table breaks add column trail jsonb not null default '[]';
create index breaks_by_state on breaks (book, state, id);
create index breaks_by_bill on breaks (book, bill_id, id) where bill_id is not null;

-- The payments and refunds of one day, to find those that a bill lacks.
create index attempts_by_paid_at on attempts (book, wallet_account_id, paid_at)
  where paid_at is not null;
create index refunds_by_created_at on refunds (book, created_at);
create index refunds_by_succeeded_at on refunds (book, succeeded_at) where succeeded_at is not null;
