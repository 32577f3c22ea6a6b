create table payments (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  -- counts this payment's public events
  sequence integer not null default 0,
  platform_id text not null,
  merchant_id text not null,
  state text not null check (state in ('requires_wallet', 'pending', 'succeeded', 'closed')),
  amount bigint not null check (amount > 0),
  currency text not null check (currency = 'CNY'),
  description text not null,
  order_reference text not null,
  order_url text,
  order_items jsonb not null default '[]',
  return_url text,
  metadata jsonb not null default '{}',
  checkout_token_hash text not null,
  -- business time
  expires_at timestamptz not null,
  -- a close was asked for; no further attempt may begin
  closing boolean not null default false,
  close_reason text check (close_reason in ('expired', 'cancelled')),
  succeeded_attempt_id text,
  wallet text,
  -- refunds created and not definitely refused; never above amount
  refund_reserved bigint not null default 0,
  refunded bigint not null default 0,
  refund_count integer not null default 0,
  created_at timestamptz not null,
  paid_at timestamptz,
  closed_at timestamptz,
  primary key (book, id),
  check (refund_reserved between 0 and amount),
  check (refunded between 0 and refund_reserved),
  check ((state = 'succeeded') = (succeeded_attempt_id is not null))
);
create unique index payments_one_live_order on payments (book, platform_id, order_reference)
  where state <> 'closed';
create unique index payments_by_checkout_token on payments (book, checkout_token_hash);
create index payments_by_platform on payments (book, platform_id, id);
create index payments_by_merchant on payments (book, merchant_id, id);
create index payments_due on payments (book, expires_at)
  where state in ('requires_wallet', 'pending') and not closing;

create table attempts (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  payment_id text not null,
  wallet text not null,
  wallet_account_id text not null,
  presentation text not null check (presentation in ('qr', 'page', 'h5', 'in_app')),
  state text not null check
    (state in ('created', 'presented', 'unknown', 'succeeded', 'refused', 'closed', 'abandoned')),
  -- our number at the wallet
  wallet_reference text not null,
  amount bigint not null check (amount > 0),
  presentation_data jsonb,
  refusal jsonb,
  wallet_transaction_id text,
  payer_paid bigint,
  coupons jsonb,
  -- business time; sent to the wallet as the order's end
  expires_at timestamptz not null,
  -- money that must go back, and how much of it: late or second success
  returned bigint not null default 0,
  -- real time of the next question to the wallet; null when its answer is final
  next_query_at timestamptz,
  queries integer not null default 0,
  created_at timestamptz not null,
  paid_at timestamptz,
  primary key (book, id)
);
create index attempts_to_query on attempts (book, next_query_at) where next_query_at is not null;
create unique index attempts_one_live on attempts (book, payment_id)
  where state in ('created', 'presented', 'unknown');
create unique index attempts_by_wallet_reference on attempts
  (book, wallet_account_id, wallet_reference);
create index attempts_by_payment on attempts (book, payment_id, id);

create table refunds (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  payment_id text not null,
  attempt_id text not null,
  state text not null check
    (state in ('created', 'pending', 'succeeded', 'refused', 'needs_action', 'unknown')),
  -- requested: asked for by the marketplace. late_success / double_payment: sent back by the hub.
  origin text not null check (origin in ('requested', 'late_success', 'double_payment')),
  amount bigint not null check (amount > 0),
  currency text not null check (currency = 'CNY'),
  reason text not null,
  -- the marketplace's own number
  reference text not null,
  -- our number at the wallet
  refund_reference text not null,
  wallet_refund_id text,
  refusal jsonb,
  -- the pending posting that reserves the money
  reservation_id text,
  metadata jsonb not null default '{}',
  next_query_at timestamptz,
  queries integer not null default 0,
  created_at timestamptz not null,
  succeeded_at timestamptz,
  primary key (book, id)
);
create index refunds_to_query on refunds (book, next_query_at) where next_query_at is not null;
create unique index refunds_by_reference on refunds (book, payment_id, reference);
create unique index refunds_by_refund_reference on refunds (book, refund_reference);
create index refunds_by_payment on refunds (book, payment_id, id);

-- Every request to a wallet and its answer, masked; the payment's timeline reads it.
create table wallet_calls (
  book smallint not null,
  id text not null,
  payment_id text not null,
  attempt_id text not null,
  wallet text not null,
  operation text not null,
  outcome text not null,
  trace jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (book, id)
);
create index wallet_calls_by_payment on wallet_calls (book, payment_id, id);

-- Verified notifications, stored before they are acknowledged, processed once in effect.
create table notifications (
  book smallint not null,
  id text not null,
  wallet text not null,
  wallet_account_id text not null,
  fact_id text not null,
  fact_state text not null,
  content jsonb not null,
  masked jsonb not null,
  -- set when processed: what came of it, and the payment it spoke of
  outcome text,
  payment_id text,
  received_at timestamptz not null default clock_timestamp(),
  processed_at timestamptz,
  primary key (book, id)
);
create unique index notifications_once on notifications
  (book, wallet_account_id, fact_id, fact_state);
create index notifications_by_payment on notifications (book, payment_id, id);

-- Refused notifications: a counter per reason and day, and a capped number of samples.
create table refused_notifications (
  wallet_account_id text not null,
  reason text not null,
  day date not null,
  count bigint not null default 1,
  samples jsonb not null default '[]',
  last_at timestamptz not null default clock_timestamp(),
  primary key (wallet_account_id, reason, day)
);

-- Facts that do not fit: wrong amount, unknown order, money without a home.
create table breaks (
  book smallint not null,
  id text not null,
  wallet_account_id text not null,
  kind text not null,
  detail jsonb not null,
  payment_id text,
  state text not null default 'open' check (state in ('open', 'resolved')),
  -- one break per thing that does not fit, however often it is told
  subject text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (book, id)
);
create unique index breaks_once on breaks (book, wallet_account_id, kind, subject);
