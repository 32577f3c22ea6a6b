-- A seller's own number at the wallet, under a platform's account there.
alter table enrolments add sub_merchant text;
alter table attempts add sub_merchant text;

-- Calls about payouts belong to no payment.
alter table wallet_calls alter payment_id drop not null;
alter table wallet_calls alter attempt_id drop not null;
alter table wallet_calls add payout_id text;
create index wallet_calls_by_payout on wallet_calls (book, payout_id, id)
  where payout_id is not null;

-- How a merchant is paid out through one wallet account.
create table payout_terms (
  merchant_id text not null references merchants (id),
  wallet_account_id text not null references wallet_accounts (id),
  state text not null check (state in ('automatic', 'manual', 'paused')),
  -- the payee at the wallet and their name, AES-256-GCM under the master key
  payee bytea,
  payee_hint text,
  -- least amount of one payout, fen
  minimum bigint not null check (minimum > 0),
  -- days that settled money waits before it may be paid out
  hold_days smallint not null check (hold_days between 0 and 90),
  updated_at timestamptz not null default now(),
  primary key (merchant_id, wallet_account_id)
);

-- One merchant's business day at one wallet account.
create table settlements (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  platform_id text not null,
  merchant_id text not null,
  wallet_account_id text not null,
  wallet text not null,
  custody text not null check (custody in ('merchant_own', 'wallet_held', 'hub_held')),
  business_date date not null,
  -- counted: its lines are fixed. settled: its net is what may be paid out.
  state text not null check (state in ('counted', 'settled')),
  gross bigint not null check (gross >= 0),
  refunds bigint not null check (refunds >= 0),
  wallet_fees bigint not null,
  platform_fees bigint not null,
  adjustments bigint not null,
  net bigint not null,
  line_count integer not null check (line_count > 0),
  created_at timestamptz not null,
  primary key (book, id),
  check (net = gross - refunds - wallet_fees - platform_fees + adjustments)
);
create unique index settlements_once on settlements
  (book, merchant_id, wallet_account_id, business_date);
create index settlements_by_platform on settlements (book, platform_id, id);
create index settlements_counted on settlements (book, id) where state = 'counted';

-- A posting on a merchant's account is settled once.
create table settlement_lines (
  book smallint not null,
  posting_id text not null,
  settlement_id text not null,
  kind text not null check
    (kind in ('gross', 'refund', 'wallet_fee', 'platform_fee', 'adjustment')),
  -- what it does to the merchant's balance, signed
  amount bigint not null check (amount <> 0),
  primary key (book, posting_id)
);
create index settlement_lines_by_settlement on settlement_lines (book, settlement_id, posting_id);

-- How far a merchant is settled.
create table settlement_cursors (
  book smallint not null,
  merchant_id text not null,
  settled_to date,
  -- position in the ledger; every posting of the merchant before it is settled
  open_from bigint not null default 0,
  primary key (book, merchant_id)
);

-- What was settled for a merchant at a wallet account, and what of it was paid out or is on its way.
create table seller_funds (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  merchant_id text not null,
  wallet_account_id text not null,
  settled bigint not null default 0,
  -- our own intents keep it at most `settled`; a wallet's fact may say more
  paid_out bigint not null default 0 check (paid_out >= 0),
  primary key (book, id),
  unique (book, merchant_id, wallet_account_id)
);
create index seller_funds_due on seller_funds (book, id) where settled > paid_out;

create table payouts (
  book smallint not null,
  id text not null,
  version integer not null default 1,
  platform_id text not null,
  merchant_id text not null,
  wallet_account_id text not null,
  wallet text not null,
  -- transfer: to a payee at the wallet. withdrawal: the seller's money there to the seller's bank.
  kind text not null check (kind in ('transfer', 'withdrawal')),
  state text not null check (state in ('created', 'pending', 'needs_payee', 'unknown', 'succeeded',
    'refused', 'cancelled', 'returned')),
  amount bigint not null check (amount > 0),
  currency text not null check (currency = 'CNY'),
  -- our number at the wallet
  payout_reference text not null,
  wallet_payout_id text,
  sub_merchant text,
  -- sealed: the payee at the wallet and their name
  payee text,
  payee_hint text,
  confirmation jsonb,
  refusal jsonb,
  -- the pending posting that reserves the money
  reservation_id text not null,
  -- real time of the next question to the wallet; null when its answer is final
  next_query_at timestamptz,
  queries integer not null default 0,
  created_at timestamptz not null,
  succeeded_at timestamptz,
  primary key (book, id),
  check ((kind = 'transfer') = (payee is not null))
);
create unique index payouts_one_open on payouts (book, merchant_id, wallet_account_id)
  where state in ('created', 'pending', 'needs_payee', 'unknown');
create unique index payouts_by_reference on payouts (book, payout_reference);
create index payouts_to_query on payouts (book, next_query_at) where next_query_at is not null;
create index payouts_by_platform on payouts (book, platform_id, id);

-- Statements are read by business time.
create index postings_of_merchants_debit on postings (book, debit_account, business_at, id)
  where starts_with(debit_account, 'merchant:');
create index postings_of_merchants_credit on postings (book, credit_account, business_at, id)
  where starts_with(credit_account, 'merchant:');
create index postings_of_merchants_pending on postings (book, debit_account, id)
  where kind = 'pending' and starts_with(debit_account, 'merchant:');

-- The postings of a merchant that are on no settlement yet, each with the wallet account it is about.
create function open_settlement_lines(of_book smallint, of_merchant text)
returns table (posting_id text, kind text, amount bigint, wallet_account_id text,
  business_at timestamptz, ledger_position bigint) language sql stable as $$
  with own as (
    select p.id, p.credit_account as other, -p.amount as amount, p.reason, p.subject_id,
      p.business_at, p.position
    from postings p
    where p.book = of_book and p.debit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post')
      and (p.position is null or p.position >= coalesce((select c.open_from
        from settlement_cursors c where c.book = of_book and c.merchant_id = of_merchant), 0))
    union all
    select p.id, p.debit_account, p.amount, p.reason, p.subject_id, p.business_at, p.position
    from postings p
    where p.book = of_book and p.credit_account = 'merchant:' || of_merchant
      and p.kind in ('posted', 'post')
      and (p.position is null or p.position >= coalesce((select c.open_from
        from settlement_cursors c where c.book = of_book and c.merchant_id = of_merchant), 0))
  )
  select o.id,
    case
      when starts_with(o.other, 'wallet_fees:') then 'wallet_fee'
      when starts_with(o.other, 'platform:') then 'platform_fee'
      when starts_with(o.other, 'wallet:') or starts_with(o.other, 'hold:')
        then case when o.amount > 0 then 'gross' else 'refund' end
      else 'adjustment'
    end,
    o.amount,
    coalesce(
      case when starts_with(o.other, 'wallet:') then substr(o.other, 8)
        when starts_with(o.other, 'wallet_fees:') then substr(o.other, 13) end,
      a.wallet_account_id),
    o.business_at, o.position
  from own o
  left join payments y on y.book = of_book and y.id = o.subject_id
  left join attempts a on a.book = of_book and a.id = y.succeeded_attempt_id
  where o.reason not in ('payout', 'payout_returned')
    and not exists (select from settlement_lines l
      where l.book = of_book and l.posting_id = o.id)
$$;
