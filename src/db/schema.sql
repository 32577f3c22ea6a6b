-- Today's schema, printed from the migrations by scripts/schema.ts; never edited by hand.

set check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.hutong_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 PARALLEL SAFE
AS $function$
  select clock_timestamp()
    + coalesce((select clock_offset_ms from installation), 0) * interval '1 millisecond'
$function$;

CREATE OR REPLACE FUNCTION public.open_merchant_reservations(of_book smallint, of_account text)
 RETURNS TABLE(credit_account text, subject_id text, amount bigint)
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
declare
  looked_for bigint := coalesce((select a.debits_pending from ledger_accounts a
    where a.book = of_book and a.id = of_account), 0);
  held record;
begin
  if looked_for = 0 then
    return;
  end if;
  for held in
    select p.id, p.credit_account, p.subject_id, p.amount from postings p
    where p.book = of_book and p.debit_account = of_account
      and starts_with(p.debit_account, 'merchant:') and p.kind = 'pending'
    order by p.id desc
  loop
    continue when exists (select from postings e where e.book = of_book and e.ends = held.id);
    credit_account := held.credit_account;
    subject_id := held.subject_id;
    amount := held.amount;
    return next;
    looked_for := looked_for - held.amount;
    exit when looked_for = 0;
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION public.open_settlement_lines(of_book smallint, of_merchant text)
 RETURNS TABLE(posting_id text, kind text, amount bigint, wallet_account_id text, business_at timestamp with time zone, ledger_position bigint)
 LANGUAGE sql
 STABLE
AS $function$
  with own as (
    select p.id, p.credit_account as other, -p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.debit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position >= (select coalesce(max(c.open_from), 0)
        from settlement_cursors c
        where c.book = of_book and c.merchant_id = of_merchant)
    union all
    select p.id, p.credit_account as other, -p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.debit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position is null
    union all
    select p.id, p.debit_account as other, p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.credit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position >= (select coalesce(max(c.open_from), 0)
        from settlement_cursors c
        where c.book = of_book and c.merchant_id = of_merchant)
    union all
    select p.id, p.debit_account as other, p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.credit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post') and p.position is null
  )
  select o.id,
    case
      when starts_with(o.other, 'wallet_fees:') then 'wallet_fee'
      when starts_with(o.other, 'platform:') then 'platform_fee'
      when starts_with(o.other, 'receiver:') then 'share'
      when starts_with(o.other, 'wallet:') or starts_with(o.other, 'hold:')
        then case when o.amount > 0 then 'gross' else 'refund' end
      else 'adjustment'
    end,
    o.amount,
    coalesce(
      case when starts_with(o.other, 'wallet:') then substr(o.other, 8)
        when starts_with(o.other, 'wallet_fees:') then substr(o.other, 13)
        when starts_with(o.other, 'suspense:') then substr(o.other, 10) end,
      (select a.wallet_account_id from payments y
        join attempts a on a.book = y.book and a.id = y.succeeded_attempt_id
        where y.book = of_book and y.id = o.subject_id)),
    o.business_at, o.position
  from own o
  where o.reason not in ('payout', 'payout_returned')
    and not exists (select from settlement_lines l
      where l.book = of_book and l.posting_id = o.id offset 0)
$function$;

create table api_keys (
  id text not null,
  key_hash text not null,
  hint text not null,
  role text not null,
  platform_id text,
  merchant_id text,
  wallet text,
  api_version text not null,
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_check CHECK (role <> 'marketplace'::text OR platform_id IS NOT NULL),
  constraint api_keys_check1 CHECK (role <> 'merchant'::text OR merchant_id IS NOT NULL),
  constraint api_keys_check2 CHECK (role <> 'wallet'::text OR wallet IS NOT NULL),
  constraint api_keys_key_hash_key UNIQUE (key_hash),
  constraint api_keys_role_check CHECK (role = ANY (ARRAY['operator'::text, 'marketplace'::text, 'merchant'::text, 'wallet'::text]))
);

create table attempt_parts (
  book smallint not null,
  wallet_reference text not null,
  attempt_id text not null,
  payment_id text not null,
  part_id text not null,
  "position" smallint not null,
  wallet_account_id text not null,
  amount bigint not null,
  description text not null,
  sub_merchant text,
  wallet_transaction_id text,
  constraint attempt_parts_pkey PRIMARY KEY (book, wallet_reference),
  constraint attempt_parts_amount_check CHECK (amount > 0)
);
CREATE UNIQUE INDEX attempt_parts_by_attempt ON attempt_parts USING btree (book, attempt_id, "position");

create table attempts (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  payment_id text not null,
  wallet text not null,
  wallet_account_id text not null,
  presentation text not null,
  state text not null,
  wallet_reference text not null,
  amount bigint not null,
  presentation_data jsonb,
  refusal jsonb,
  wallet_transaction_id text,
  payer_paid bigint,
  coupons jsonb,
  expires_at timestamp with time zone not null,
  returned bigint default 0 not null,
  next_query_at timestamp with time zone,
  queries integer default 0 not null,
  created_at timestamp with time zone not null,
  paid_at timestamp with time zone,
  sub_merchant text,
  combined boolean default false not null,
  constraint attempts_pkey PRIMARY KEY (book, id),
  constraint attempts_amount_check CHECK (amount > 0),
  constraint attempts_presentation_check CHECK (presentation = ANY (ARRAY['qr'::text, 'page'::text, 'h5'::text, 'in_app'::text, 'app'::text, 'mini_program'::text])),
  constraint attempts_state_check CHECK (state = ANY (ARRAY['created'::text, 'presented'::text, 'unknown'::text, 'succeeded'::text, 'refused'::text, 'closed'::text, 'abandoned'::text]))
);
CREATE INDEX attempts_by_paid_at ON attempts USING btree (book, wallet_account_id, paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX attempts_by_payment ON attempts USING btree (book, payment_id, id);
CREATE UNIQUE INDEX attempts_by_wallet_reference ON attempts USING btree (book, wallet_account_id, wallet_reference);
CREATE UNIQUE INDEX attempts_one_live ON attempts USING btree (book, payment_id) WHERE state = ANY (ARRAY['created'::text, 'presented'::text, 'unknown'::text]);
CREATE INDEX attempts_to_query ON attempts USING btree (book, next_query_at) WHERE next_query_at IS NOT NULL;

create table bills (
  id text not null,
  wallet_account_id text not null,
  date date not null,
  state text not null,
  problem text,
  runs integer default 0 not null,
  report jsonb,
  closing_balance bigint,
  created_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint bills_pkey PRIMARY KEY (id),
  constraint bills_state_check CHECK (state = ANY (ARRAY['waiting'::text, 'closed'::text, 'failed'::text])),
  constraint bills_wallet_account_id_date_key UNIQUE (wallet_account_id, date)
);

create table breaks (
  book smallint not null,
  id text not null,
  wallet_account_id text not null,
  kind text not null,
  detail jsonb not null,
  payment_id text,
  state text default 'open'::text not null,
  subject text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  version integer default 1 not null,
  about text default 'payment'::text not null,
  bill_id text,
  amount bigint,
  fee bigint,
  resolved_at timestamp with time zone,
  trail jsonb default '[]'::jsonb not null,
  constraint breaks_pkey PRIMARY KEY (book, id),
  constraint breaks_about_check CHECK (about = ANY (ARRAY['payment'::text, 'refund'::text, 'payout'::text, 'split'::text, 'funds'::text])),
  constraint breaks_state_check CHECK (state = ANY (ARRAY['open'::text, 'resolved'::text]))
);
CREATE INDEX breaks_by_bill ON breaks USING btree (book, bill_id, id) WHERE bill_id IS NOT NULL;
CREATE INDEX breaks_by_state ON breaks USING btree (book, state, id);
CREATE UNIQUE INDEX breaks_once ON breaks USING btree (book, wallet_account_id, kind, subject);

create table deliveries (
  book smallint not null,
  id text not null,
  event_id text not null,
  endpoint_id text not null,
  platform_id text not null,
  payment_id text,
  state text not null,
  tries integer default 0 not null,
  last_status integer,
  last_error text,
  next_at timestamp with time zone,
  created_at timestamp with time zone default clock_timestamp() not null,
  delivered_at timestamp with time zone,
  constraint deliveries_pkey PRIMARY KEY (book, id),
  constraint deliveries_state_check CHECK (state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text]))
);
CREATE INDEX deliveries_by_event ON deliveries USING btree (book, event_id, id) WHERE payment_id IS NULL;
CREATE INDEX deliveries_by_payment ON deliveries USING btree (book, payment_id, id);
CREATE INDEX deliveries_by_platform ON deliveries USING btree (book, platform_id, id);

create table enrolments (
  id text not null,
  merchant_id text not null,
  wallet text not null,
  wallet_account_id text not null,
  state text not null,
  created_at timestamp with time zone default now() not null,
  sub_merchant text,
  constraint enrolments_pkey PRIMARY KEY (id),
  constraint enrolments_merchant_id_wallet_key UNIQUE (merchant_id, wallet),
  constraint enrolments_state_check CHECK (state = ANY (ARRAY['active'::text, 'suspended'::text]))
);
CREATE INDEX enrolments_by_wallet_account ON enrolments USING btree (wallet_account_id, merchant_id);

create table events (
  book smallint not null,
  id text not null,
  type text not null,
  platform_id text not null,
  object_id text not null,
  payment_id text,
  sequence integer default 0 not null,
  public boolean not null,
  data jsonb not null,
  "position" bigint,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint events_pkey PRIMARY KEY (book, id)
);
CREATE INDEX events_by_object ON events USING btree (book, object_id, id) WHERE payment_id IS NULL;
CREATE INDEX events_by_payment ON events USING btree (book, payment_id, id);
CREATE INDEX events_by_platform ON events USING btree (book, platform_id, "position") WHERE "position" IS NOT NULL;
CREATE UNIQUE INDEX events_by_position ON events USING btree (book, "position") WHERE "position" IS NOT NULL;
CREATE INDEX events_unsealed ON events USING btree (book, created_at, id) WHERE "position" IS NULL AND public;

create table fee_batches (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  bill_id text not null,
  wallet_account_id text not null,
  merchant_id text not null,
  amount bigint not null,
  lines integer not null,
  state text not null,
  created_at timestamp with time zone not null,
  constraint fee_batches_pkey PRIMARY KEY (book, id),
  constraint fee_batches_lines_check CHECK (lines > 0),
  constraint fee_batches_state_check CHECK (state = ANY (ARRAY['planned'::text, 'posted'::text]))
);
CREATE INDEX fee_batches_by_bill ON fee_batches USING btree (book, bill_id, id);

create table fee_corrections (
  book smallint not null,
  batch_id text not null,
  subject_id text not null,
  payment_id text not null,
  booked bigint not null,
  billed bigint not null,
  constraint fee_corrections_pkey PRIMARY KEY (book, batch_id, subject_id)
);
CREATE INDEX fee_corrections_by_subject ON fee_corrections USING btree (book, subject_id);

create table gates (
  id text not null,
  platform_id text not null,
  wallet text not null,
  state text not null,
  reason text default ''::text not null,
  opened_at timestamp with time zone default now() not null,
  constraint gates_pkey PRIMARY KEY (id),
  constraint gates_platform_id_wallet_key UNIQUE (platform_id, wallet),
  constraint gates_state_check CHECK (state = ANY (ARRAY['open'::text, 'closed'::text]))
);

create table holds (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  sequence integer default 0 not null,
  subject_id text not null,
  payment_id text not null,
  platform_id text not null,
  merchant_id text not null,
  attempt_id text not null,
  wallet text not null,
  wallet_account_id text not null,
  capture text not null,
  state text not null,
  amount bigint not null,
  released bigint default 0 not null,
  shared bigint default 0 not null,
  returned bigint default 0 not null,
  reserved bigint default 0 not null,
  releasable_at timestamp with time zone not null,
  release_at timestamp with time zone not null,
  wallet_limit_at timestamp with time zone not null,
  warned_at timestamp with time zone,
  disputed_at timestamp with time zone,
  dispute_reason text,
  shipped_at timestamp with time zone,
  shipment jsonb,
  created_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  next_query_at timestamp with time zone,
  constraint holds_pkey PRIMARY KEY (book, id),
  constraint holds_amount_check CHECK (amount > 0),
  constraint holds_capture_check CHECK (capture = ANY (ARRAY['instant'::text, 'escrow'::text])),
  constraint holds_check CHECK ((released + shared + returned + reserved) <= amount),
  constraint holds_check1 CHECK ((closed_at IS NULL) = (state = ANY (ARRAY['held'::text, 'releasing'::text]))),
  constraint holds_released_check CHECK (released >= 0),
  constraint holds_reserved_check CHECK (reserved >= 0),
  constraint holds_returned_check CHECK (returned >= 0),
  constraint holds_shared_check CHECK (shared >= 0),
  constraint holds_state_check CHECK (state = ANY (ARRAY['held'::text, 'releasing'::text, 'released'::text, 'returned'::text]))
);
CREATE INDEX holds_by_merchant ON holds USING btree (book, merchant_id, id);
CREATE INDEX holds_by_payment ON holds USING btree (book, payment_id);
CREATE INDEX holds_by_platform ON holds USING btree (book, platform_id, id);
CREATE UNIQUE INDEX holds_by_subject ON holds USING btree (book, subject_id);
CREATE INDEX holds_disputed ON holds USING btree (book, platform_id, id) WHERE disputed_at IS NOT NULL;
CREATE INDEX holds_due ON holds USING btree (book, release_at) WHERE state = 'held'::text AND disputed_at IS NULL;
CREATE INDEX holds_ending ON holds USING btree (book, wallet_limit_at) WHERE state = 'held'::text;
CREATE INDEX holds_open ON holds USING btree (book, platform_id, id) WHERE state = ANY (ARRAY['held'::text, 'releasing'::text]);

create table idempotency_keys (
  book smallint not null,
  key_hash text not null,
  body_digest text not null,
  state text not null,
  lease_until timestamp with time zone not null,
  status smallint,
  response text,
  object_id text,
  created_at timestamp with time zone default now() not null,
  constraint idempotency_keys_pkey PRIMARY KEY (book, key_hash),
  constraint idempotency_keys_state_check CHECK (state = ANY (ARRAY['in_flight'::text, 'done'::text]))
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING btree (book, created_at);

create table installation (
  one boolean default true not null,
  mode text not null,
  clock_offset_ms bigint default 0 not null,
  created_at timestamp with time zone default now() not null,
  constraint installation_pkey PRIMARY KEY (one),
  constraint installation_check CHECK (mode = 'sandbox'::text OR clock_offset_ms = 0),
  constraint installation_mode_check CHECK (mode = ANY (ARRAY['sandbox'::text, 'production'::text])),
  constraint installation_one_check CHECK (one)
);

create table jobs (
  book smallint not null,
  id text not null,
  kind text not null,
  key text not null,
  payload jsonb default '{}'::jsonb not null,
  state text default 'ready'::text not null,
  run_at timestamp with time zone default now() not null,
  tries integer default 0 not null,
  token text,
  last_error text,
  created_at timestamp with time zone default now() not null,
  constraint jobs_pkey PRIMARY KEY (book, id),
  constraint jobs_state_check CHECK (state = ANY (ARRAY['ready'::text, 'dead'::text]))
);
CREATE INDEX jobs_due ON jobs USING btree (book, kind, run_at) WHERE state = 'ready'::text;
CREATE UNIQUE INDEX jobs_once ON jobs USING btree (book, kind, key);
alter table jobs set (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, fillfactor=70);

create table ledger_accounts (
  book smallint not null,
  id text not null,
  currency text not null,
  normal text not null,
  custody text,
  floor bigint,
  debits_pending bigint default 0 not null,
  debits_posted bigint default 0 not null,
  credits_pending bigint default 0 not null,
  credits_posted bigint default 0 not null,
  created_at timestamp with time zone default now() not null,
  cap bigint,
  entries bigint default 0 not null,
  constraint ledger_accounts_pkey PRIMARY KEY (book, id),
  constraint ledger_accounts_credits_pending_check CHECK (credits_pending >= 0),
  constraint ledger_accounts_credits_posted_check CHECK (credits_posted >= 0),
  constraint ledger_accounts_currency_check CHECK (currency = 'CNY'::text),
  constraint ledger_accounts_custody_check CHECK (custody = ANY (ARRAY['merchant_own'::text, 'wallet_held'::text, 'hub_held'::text])),
  constraint ledger_accounts_debits_pending_check CHECK (debits_pending >= 0),
  constraint ledger_accounts_debits_posted_check CHECK (debits_posted >= 0),
  constraint ledger_accounts_normal_check CHECK (normal = ANY (ARRAY['debit'::text, 'credit'::text]))
);
alter table ledger_accounts set (fillfactor=70);

create table ledger_heads (
  book smallint not null,
  epoch bigint default 0 not null,
  holder text default ''::text not null,
  lease_until timestamp with time zone default '-infinity'::timestamp with time zone not null,
  "position" bigint default 0 not null,
  hash bytea not null,
  sealed_at timestamp with time zone default '-infinity'::timestamp with time zone not null,
  outside bigint default 0 not null,
  constraint ledger_heads_pkey PRIMARY KEY (book),
  constraint ledger_heads_hash_check CHECK (length(hash) = 32)
);

create table ledger_mail (
  book smallint not null,
  id text not null,
  move jsonb not null,
  result jsonb,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint ledger_mail_pkey PRIMARY KEY (book, id)
);
CREATE INDEX ledger_mail_unanswered ON ledger_mail USING btree (book, id) WHERE result IS NULL;
alter table ledger_mail set (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000);

create table ledger_moves (
  book smallint not null,
  id text not null,
  digest text not null,
  result jsonb not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint ledger_moves_pkey PRIMARY KEY (book, id)
);

create table ledger_reservations (
  book smallint not null,
  id text not null,
  expires_at timestamp with time zone not null,
  constraint ledger_reservations_pkey PRIMARY KEY (book, id)
);
CREATE INDEX ledger_reservations_due ON ledger_reservations USING btree (book, expires_at);

create table ledger_seals (
  book smallint not null,
  first_position bigint not null,
  last_position bigint not null,
  hash bytea not null,
  epoch bigint not null,
  sealed_at timestamp with time zone not null,
  constraint ledger_seals_pkey PRIMARY KEY (book, last_position),
  constraint ledger_seals_check CHECK (first_position >= 1 AND first_position <= last_position),
  constraint ledger_seals_hash_check CHECK (length(hash) = 32)
);
revoke delete, truncate, update on ledger_seals from current_user;

create table ledger_snapshots (
  book smallint not null,
  account text not null,
  "position" bigint not null,
  entries bigint not null,
  debits_pending bigint not null,
  debits_posted bigint not null,
  credits_pending bigint not null,
  credits_posted bigint not null,
  sealed_at timestamp with time zone not null,
  constraint ledger_snapshots_pkey PRIMARY KEY (book, account, "position")
);

create table merchants (
  id text not null,
  platform_id text not null,
  name text not null,
  metadata jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  owed_limit bigint default 0 not null,
  constraint merchants_pkey PRIMARY KEY (id),
  constraint merchants_owed_limit_check CHECK (owed_limit >= 0)
);
CREATE INDEX merchants_by_platform ON merchants USING btree (platform_id, id);

create table notifications (
  book smallint not null,
  id text not null,
  wallet text not null,
  wallet_account_id text not null,
  fact_id text not null,
  fact_state text not null,
  content jsonb not null,
  masked jsonb not null,
  outcome text,
  payment_id text,
  received_at timestamp with time zone default clock_timestamp() not null,
  processed_at timestamp with time zone,
  constraint notifications_pkey PRIMARY KEY (book, id)
);
CREATE INDEX notifications_by_payment ON notifications USING btree (book, payment_id, id);
CREATE UNIQUE INDEX notifications_once ON notifications USING btree (book, wallet_account_id, fact_id, fact_state);

create table payment_parts (
  book smallint not null,
  id text not null,
  payment_id text not null,
  "position" smallint not null,
  merchant_id text not null,
  amount bigint not null,
  description text not null,
  reference text not null,
  refund_reserved bigint default 0 not null,
  refunded bigint default 0 not null,
  constraint payment_parts_pkey PRIMARY KEY (book, id),
  constraint payment_parts_amount_check CHECK (amount > 0),
  constraint payment_parts_check CHECK (refund_reserved >= 0 AND refund_reserved <= amount),
  constraint payment_parts_check1 CHECK (refunded >= 0 AND refunded <= refund_reserved)
);
CREATE INDEX payment_parts_by_merchant ON payment_parts USING btree (book, merchant_id, id);
CREATE UNIQUE INDEX payment_parts_by_payment ON payment_parts USING btree (book, payment_id, "position");
CREATE UNIQUE INDEX payment_parts_by_reference ON payment_parts USING btree (book, payment_id, reference);

create table payments (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  sequence integer default 0 not null,
  platform_id text not null,
  merchant_id text not null,
  state text not null,
  amount bigint not null,
  currency text not null,
  description text not null,
  order_reference text not null,
  order_url text,
  order_items jsonb default '[]'::jsonb not null,
  return_url text,
  metadata jsonb default '{}'::jsonb not null,
  checkout_token_hash text not null,
  expires_at timestamp with time zone not null,
  closing boolean default false not null,
  close_reason text,
  succeeded_attempt_id text,
  wallet text,
  refund_reserved bigint default 0 not null,
  refunded bigint default 0 not null,
  refund_count integer default 0 not null,
  created_at timestamp with time zone not null,
  paid_at timestamp with time zone,
  closed_at timestamp with time zone,
  terms jsonb,
  part_count smallint default 0 not null,
  constraint payments_pkey PRIMARY KEY (book, id),
  constraint payments_amount_check CHECK (amount > 0),
  constraint payments_check CHECK (refund_reserved >= 0 AND refund_reserved <= amount),
  constraint payments_check1 CHECK (refunded >= 0 AND refunded <= refund_reserved),
  constraint payments_check2 CHECK ((state = 'succeeded'::text) = (succeeded_attempt_id IS NOT NULL)),
  constraint payments_close_reason_check CHECK (close_reason = ANY (ARRAY['expired'::text, 'cancelled'::text])),
  constraint payments_currency_check CHECK (currency = 'CNY'::text),
  constraint payments_part_count_check CHECK (part_count <> 1),
  constraint payments_state_check CHECK (state = ANY (ARRAY['requires_wallet'::text, 'pending'::text, 'succeeded'::text, 'closed'::text]))
);
CREATE UNIQUE INDEX payments_by_checkout_token ON payments USING btree (book, checkout_token_hash);
CREATE INDEX payments_by_merchant ON payments USING btree (book, merchant_id, id);
CREATE INDEX payments_by_platform ON payments USING btree (book, platform_id, id);
CREATE INDEX payments_closing ON payments USING btree (book, id) WHERE (state = ANY (ARRAY['requires_wallet'::text, 'pending'::text])) AND closing;
CREATE INDEX payments_due ON payments USING btree (book, expires_at) WHERE (state = ANY (ARRAY['requires_wallet'::text, 'pending'::text])) AND NOT closing;
CREATE UNIQUE INDEX payments_one_live_order ON payments USING btree (book, platform_id, order_reference) WHERE state <> 'closed'::text;

create table payout_terms (
  merchant_id text not null,
  wallet_account_id text not null,
  state text not null,
  payee bytea,
  payee_hint text,
  minimum bigint not null,
  hold_days smallint not null,
  updated_at timestamp with time zone default now() not null,
  constraint payout_terms_pkey PRIMARY KEY (merchant_id, wallet_account_id),
  constraint payout_terms_hold_days_check CHECK (hold_days >= 0 AND hold_days <= 90),
  constraint payout_terms_minimum_check CHECK (minimum > 0),
  constraint payout_terms_state_check CHECK (state = ANY (ARRAY['automatic'::text, 'manual'::text, 'paused'::text]))
);

create table payouts (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  platform_id text not null,
  merchant_id text not null,
  wallet_account_id text not null,
  wallet text not null,
  kind text not null,
  state text not null,
  amount bigint not null,
  currency text not null,
  payout_reference text not null,
  wallet_payout_id text,
  sub_merchant text,
  payee text,
  payee_hint text,
  confirmation jsonb,
  refusal jsonb,
  reservation_id text not null,
  next_query_at timestamp with time zone,
  queries integer default 0 not null,
  created_at timestamp with time zone not null,
  succeeded_at timestamp with time zone,
  billed_on date,
  cancel_requested_at timestamp with time zone,
  given_back_on date,
  cancel_refusal jsonb,
  sent_at timestamp with time zone default now() not null,
  constraint payouts_pkey PRIMARY KEY (book, id),
  constraint payouts_amount_check CHECK (amount > 0),
  constraint payouts_check CHECK ((kind = 'transfer'::text) = (payee IS NOT NULL)),
  constraint payouts_currency_check CHECK (currency = 'CNY'::text),
  constraint payouts_kind_check CHECK (kind = ANY (ARRAY['transfer'::text, 'withdrawal'::text])),
  constraint payouts_state_check CHECK (state = ANY (ARRAY['created'::text, 'pending'::text, 'needs_payee'::text, 'unknown'::text, 'succeeded'::text, 'refused'::text, 'cancelled'::text, 'returned'::text]))
);
CREATE INDEX payouts_by_bill ON payouts USING btree (book, wallet_account_id, billed_on) WHERE billed_on IS NOT NULL;
CREATE INDEX payouts_by_merchant ON payouts USING btree (book, merchant_id, id);
CREATE INDEX payouts_by_platform ON payouts USING btree (book, platform_id, id);
CREATE UNIQUE INDEX payouts_by_reference ON payouts USING btree (book, payout_reference);
CREATE INDEX payouts_by_return ON payouts USING btree (book, wallet_account_id, given_back_on) WHERE given_back_on IS NOT NULL;
CREATE INDEX payouts_by_succeeded_at ON payouts USING btree (book, wallet_account_id, succeeded_at) WHERE succeeded_at IS NOT NULL;
CREATE UNIQUE INDEX payouts_one_open ON payouts USING btree (book, merchant_id, wallet_account_id) WHERE state = ANY (ARRAY['created'::text, 'pending'::text, 'needs_payee'::text, 'unknown'::text]);
CREATE INDEX payouts_to_come_back ON payouts USING btree (book, wallet_account_id) WHERE billed_on IS NOT NULL AND given_back_on IS NULL AND (state = ANY (ARRAY['refused'::text, 'cancelled'::text, 'returned'::text]));
CREATE INDEX payouts_to_query ON payouts USING btree (book, next_query_at) WHERE next_query_at IS NOT NULL;
CREATE INDEX payouts_unpaid ON payouts USING btree (book, platform_id, id) WHERE state <> 'succeeded'::text;

create table platforms (
  id text not null,
  slug text not null,
  name text not null,
  hosts text[] default '{}'::text[] not null,
  book smallint default 0 not null,
  metadata jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint platforms_pkey PRIMARY KEY (id),
  constraint platforms_book_check CHECK (book >= 0 AND book <= 1023),
  constraint platforms_slug_check CHECK (slug ~ '^[a-z0-9_]{1,40}$'::text),
  constraint platforms_slug_key UNIQUE (slug)
);

create table postings (
  book smallint not null,
  id text not null,
  move_id text not null,
  debit_account text not null,
  credit_account text not null,
  amount bigint not null,
  currency text not null,
  kind text not null,
  ends text,
  reason text not null,
  subject_id text,
  business_at timestamp with time zone not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  "position" bigint,
  expires_at timestamp with time zone,
  constraint postings_pkey PRIMARY KEY (book, id),
  constraint postings_amount_check CHECK (amount > 0),
  constraint postings_check CHECK (debit_account <> credit_account),
  constraint postings_currency_check CHECK (currency = 'CNY'::text),
  constraint postings_ends_check CHECK ((kind = ANY (ARRAY['post'::text, 'void'::text, 'expire'::text])) = (ends IS NOT NULL)),
  constraint postings_expires_check CHECK (expires_at IS NULL OR kind = 'pending'::text),
  constraint postings_kind_check CHECK (kind = ANY (ARRAY['posted'::text, 'pending'::text, 'post'::text, 'void'::text, 'expire'::text])),
  constraint postings_position_check CHECK ("position" IS NOT NULL)
);
CREATE INDEX postings_by_credit_account ON postings USING btree (book, credit_account, "position");
CREATE INDEX postings_by_debit_account ON postings USING btree (book, debit_account, "position");
CREATE UNIQUE INDEX postings_by_position ON postings USING btree (book, "position") WHERE "position" IS NOT NULL;
CREATE INDEX postings_by_subject ON postings USING btree (book, subject_id, id);
CREATE UNIQUE INDEX postings_end_once ON postings USING btree (book, ends) WHERE ends IS NOT NULL;
CREATE INDEX postings_of_merchants_credit ON postings USING btree (book, credit_account, business_at, id) WHERE starts_with(credit_account, 'merchant:'::text);
CREATE INDEX postings_of_merchants_debit ON postings USING btree (book, debit_account, business_at, id) WHERE starts_with(debit_account, 'merchant:'::text);
CREATE INDEX postings_of_merchants_pending ON postings USING btree (book, debit_account, id) WHERE kind = 'pending'::text AND starts_with(debit_account, 'merchant:'::text);
CREATE INDEX postings_of_returned_money ON postings USING btree (book, debit_account, business_at) WHERE kind = 'pending'::text AND reason = 'money_returned'::text;
CREATE INDEX postings_outside_chain ON postings USING btree (book) WHERE "position" IS NULL;
revoke delete, truncate, update on postings from current_user;

create table receiver_introductions (
  receiver_id text not null,
  wallet_account_id text not null,
  introduced_at timestamp with time zone default now() not null,
  sub_merchant text default ''::text not null,
  constraint receiver_introductions_pkey PRIMARY KEY (receiver_id, wallet_account_id, sub_merchant)
);

create table receivers (
  id text not null,
  platform_id text not null,
  name text not null,
  kind text not null,
  accounts jsonb not null,
  metadata jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint receivers_pkey PRIMARY KEY (id),
  constraint receivers_kind_check CHECK (kind = ANY (ARRAY['merchant'::text, 'person'::text]))
);
CREATE INDEX receivers_by_platform ON receivers USING btree (platform_id, id);

create table refunds (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  payment_id text not null,
  attempt_id text not null,
  state text not null,
  origin text not null,
  amount bigint not null,
  currency text not null,
  reason text not null,
  reference text not null,
  refund_reference text not null,
  wallet_refund_id text,
  refusal jsonb,
  reservation_id text,
  metadata jsonb default '{}'::jsonb not null,
  next_query_at timestamp with time zone,
  queries integer default 0 not null,
  created_at timestamp with time zone not null,
  succeeded_at timestamp with time zone,
  hold_id text,
  from_hold bigint default 0 not null,
  hold_reservation_id text,
  part_id text,
  constraint refunds_pkey PRIMARY KEY (book, id),
  constraint refunds_amount_check CHECK (amount > 0),
  constraint refunds_currency_check CHECK (currency = 'CNY'::text),
  constraint refunds_origin_check CHECK (origin = ANY (ARRAY['requested'::text, 'late_success'::text, 'double_payment'::text])),
  constraint refunds_state_check CHECK (state = ANY (ARRAY['created'::text, 'pending'::text, 'succeeded'::text, 'refused'::text, 'needs_action'::text, 'unknown'::text]))
);
CREATE INDEX refunds_by_created_at ON refunds USING btree (book, created_at);
CREATE INDEX refunds_by_payment ON refunds USING btree (book, payment_id, id);
CREATE UNIQUE INDEX refunds_by_reference ON refunds USING btree (book, payment_id, reference);
CREATE UNIQUE INDEX refunds_by_refund_reference ON refunds USING btree (book, refund_reference);
CREATE INDEX refunds_by_succeeded_at ON refunds USING btree (book, succeeded_at) WHERE succeeded_at IS NOT NULL;
CREATE INDEX refunds_to_query ON refunds USING btree (book, next_query_at) WHERE next_query_at IS NOT NULL;

create table refused_notifications (
  wallet_account_id text not null,
  reason text not null,
  day date not null,
  count bigint default 1 not null,
  samples jsonb default '[]'::jsonb not null,
  last_at timestamp with time zone default clock_timestamp() not null,
  constraint refused_notifications_pkey PRIMARY KEY (wallet_account_id, reason, day)
);

create table schedules (
  name text not null,
  run_at timestamp with time zone default '-infinity'::timestamp with time zone not null,
  token text,
  constraint schedules_pkey PRIMARY KEY (name)
);

create table schema_migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_migrations_pkey PRIMARY KEY (number)
);

create table seller_funds (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  merchant_id text not null,
  wallet_account_id text not null,
  settled bigint default 0 not null,
  paid_out bigint default 0 not null,
  constraint seller_funds_pkey PRIMARY KEY (book, id),
  constraint seller_funds_book_merchant_id_wallet_account_id_key UNIQUE (book, merchant_id, wallet_account_id),
  constraint seller_funds_paid_out_check CHECK (paid_out >= 0)
);
CREATE INDEX seller_funds_due ON seller_funds USING btree (book, id) WHERE settled > paid_out;

create table settlement_cursors (
  book smallint not null,
  merchant_id text not null,
  settled_to date,
  open_from bigint default 0 not null,
  constraint settlement_cursors_pkey PRIMARY KEY (book, merchant_id)
);

create table settlement_lines (
  book smallint not null,
  posting_id text not null,
  settlement_id text not null,
  kind text not null,
  amount bigint not null,
  constraint settlement_lines_pkey PRIMARY KEY (book, posting_id),
  constraint settlement_lines_amount_check CHECK (amount <> 0),
  constraint settlement_lines_kind_check CHECK (kind = ANY (ARRAY['gross'::text, 'refund'::text, 'wallet_fee'::text, 'platform_fee'::text, 'share'::text, 'adjustment'::text]))
);
CREATE INDEX settlement_lines_by_settlement ON settlement_lines USING btree (book, settlement_id, posting_id);

create table settlements (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  platform_id text not null,
  merchant_id text not null,
  wallet_account_id text not null,
  wallet text not null,
  custody text not null,
  business_date date not null,
  state text not null,
  gross bigint not null,
  refunds bigint not null,
  wallet_fees bigint not null,
  platform_fees bigint not null,
  adjustments bigint not null,
  net bigint not null,
  line_count integer not null,
  created_at timestamp with time zone not null,
  shares bigint default 0 not null,
  constraint settlements_pkey PRIMARY KEY (book, id),
  constraint settlements_check CHECK (net = (gross - refunds - wallet_fees - platform_fees - shares + adjustments)),
  constraint settlements_custody_check CHECK (custody = ANY (ARRAY['merchant_own'::text, 'wallet_held'::text, 'hub_held'::text])),
  constraint settlements_gross_check CHECK (gross >= 0),
  constraint settlements_line_count_check CHECK (line_count > 0),
  constraint settlements_refunds_check CHECK (refunds >= 0),
  constraint settlements_state_check CHECK (state = ANY (ARRAY['counted'::text, 'settled'::text]))
);
CREATE INDEX settlements_by_date ON settlements USING btree (book, platform_id, business_date, id);
CREATE INDEX settlements_by_platform ON settlements USING btree (book, platform_id, id);
CREATE INDEX settlements_counted ON settlements USING btree (book, id) WHERE state = 'counted'::text;
CREATE UNIQUE INDEX settlements_once ON settlements USING btree (book, merchant_id, wallet_account_id, business_date);

create table split_orders (
  book smallint not null,
  id text not null,
  version integer default 1 not null,
  hold_id text not null,
  payment_id text not null,
  kind text not null,
  state text not null,
  why text not null,
  split_reference text not null,
  wallet_split_id text,
  amount bigint not null,
  merchant_amount bigint not null,
  merchant_reservation_id text,
  parts jsonb not null,
  release_rest boolean not null,
  refund_id text,
  returns_id text,
  refusal jsonb,
  next_query_at timestamp with time zone,
  queries integer default 0 not null,
  created_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  constraint split_orders_pkey PRIMARY KEY (book, id),
  constraint split_orders_amount_check CHECK (amount > 0),
  constraint split_orders_kind_check CHECK (kind = ANY (ARRAY['split'::text, 'release'::text, 'return'::text])),
  constraint split_orders_merchant_amount_check CHECK (merchant_amount >= 0),
  constraint split_orders_state_check CHECK (state = ANY (ARRAY['created'::text, 'pending'::text, 'unknown'::text, 'finished'::text, 'refused'::text]))
);
CREATE INDEX split_orders_by_finished_at ON split_orders USING btree (book, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX split_orders_by_payment ON split_orders USING btree (book, payment_id, id);
CREATE UNIQUE INDEX split_orders_by_reference ON split_orders USING btree (book, split_reference);
CREATE UNIQUE INDEX split_orders_one_live ON split_orders USING btree (book, hold_id) WHERE kind <> 'return'::text AND (state = ANY (ARRAY['created'::text, 'pending'::text, 'unknown'::text]));
CREATE INDEX split_orders_to_query ON split_orders USING btree (book, next_query_at) WHERE next_query_at IS NOT NULL;

create table wallet_accounts (
  id text not null,
  wallet text not null,
  name text not null,
  custody text not null,
  wallet_merchant text not null,
  settings jsonb not null,
  credentials bytea not null,
  state text default 'active'::text not null,
  created_at timestamp with time zone default now() not null,
  constraint wallet_accounts_pkey PRIMARY KEY (id),
  constraint wallet_accounts_custody_check CHECK (custody = ANY (ARRAY['merchant_own'::text, 'wallet_held'::text, 'hub_held'::text])),
  constraint wallet_accounts_state_check CHECK (state = ANY (ARRAY['active'::text, 'suspended'::text])),
  constraint wallet_accounts_wallet_wallet_merchant_key UNIQUE (wallet, wallet_merchant)
);

create table wallet_calls (
  book smallint not null,
  id text not null,
  payment_id text,
  attempt_id text,
  wallet text not null,
  operation text not null,
  outcome text not null,
  trace jsonb not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  payout_id text,
  constraint wallet_calls_pkey PRIMARY KEY (book, id)
);
CREATE INDEX wallet_calls_by_payment ON wallet_calls USING btree (book, payment_id, id);
CREATE INDEX wallet_calls_by_payout ON wallet_calls USING btree (book, payout_id, id) WHERE payout_id IS NOT NULL;

create table webhook_endpoints (
  id text not null,
  platform_id text not null,
  url text not null,
  event_types text[] default '{}'::text[] not null,
  state text default 'enabled'::text not null,
  disabled_reason text,
  secret bytea not null,
  previous_secret bytea,
  previous_until timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint webhook_endpoints_pkey PRIMARY KEY (id),
  constraint webhook_endpoints_state_check CHECK (state = ANY (ARRAY['enabled'::text, 'disabled'::text]))
);
CREATE INDEX webhook_endpoints_by_platform ON webhook_endpoints USING btree (platform_id);

alter table api_keys add constraint api_keys_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);

alter table api_keys add constraint api_keys_platform_id_fkey FOREIGN KEY (platform_id) REFERENCES platforms(id);

alter table bills add constraint bills_wallet_account_id_fkey FOREIGN KEY (wallet_account_id) REFERENCES wallet_accounts(id);

alter table enrolments add constraint enrolments_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);

alter table enrolments add constraint enrolments_wallet_account_id_fkey FOREIGN KEY (wallet_account_id) REFERENCES wallet_accounts(id);

alter table gates add constraint gates_platform_id_fkey FOREIGN KEY (platform_id) REFERENCES platforms(id);

alter table merchants add constraint merchants_platform_id_fkey FOREIGN KEY (platform_id) REFERENCES platforms(id);

alter table payout_terms add constraint payout_terms_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);

alter table payout_terms add constraint payout_terms_wallet_account_id_fkey FOREIGN KEY (wallet_account_id) REFERENCES wallet_accounts(id);

alter table receiver_introductions add constraint receiver_introductions_receiver_id_fkey FOREIGN KEY (receiver_id) REFERENCES receivers(id);

alter table receiver_introductions add constraint receiver_introductions_wallet_account_id_fkey FOREIGN KEY (wallet_account_id) REFERENCES wallet_accounts(id);

alter table receivers add constraint receivers_platform_id_fkey FOREIGN KEY (platform_id) REFERENCES platforms(id);

alter table webhook_endpoints add constraint webhook_endpoints_platform_id_fkey FOREIGN KEY (platform_id) REFERENCES platforms(id);
