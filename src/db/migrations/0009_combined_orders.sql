-- One payment for the orders of several sellers.
alter table payments add part_count smallint not null default 0 check (part_count <> 1);
-- The attempt presents every part of the payment as an order of its own.
alter table attempts add combined boolean not null default false;
alter table refunds add part_id text;

create table payment_parts (
  book smallint not null,
  id text not null,
  payment_id text not null,
  position smallint not null,
  merchant_id text not null,
  amount bigint not null check (amount > 0),
  description text not null,
  -- the marketplace's own number of this seller's order
  reference text not null,
  refund_reserved bigint not null default 0 check (refund_reserved between 0 and amount),
  refunded bigint not null default 0 check (refunded between 0 and refund_reserved),
  primary key (book, id)
);
create unique index payment_parts_by_payment on payment_parts (book, payment_id, position);
create unique index payment_parts_by_reference on payment_parts (book, payment_id, reference);
create index payment_parts_by_merchant on payment_parts (book, merchant_id, id);

-- A part at a wallet: under a number of its own for each attempt.
create table attempt_parts (
  book smallint not null,
  wallet_reference text not null,
  attempt_id text not null,
  payment_id text not null,
  part_id text not null,
  position smallint not null,
  wallet_account_id text not null,
  amount bigint not null check (amount > 0),
  description text not null,
  sub_merchant text,
  wallet_transaction_id text,
  primary key (book, wallet_reference)
);
create unique index attempt_parts_by_attempt on attempt_parts (book, attempt_id, position);
