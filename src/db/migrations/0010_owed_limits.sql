-- How much a seller may come to owe by refunds of money that has left already.
alter table merchants add column owed_limit bigint not null default 0 check (owed_limit >= 0);

-- Each seller under a partner has a list of receivers of its own; '' where the account sells itself.
alter table receiver_introductions add column sub_merchant text not null default '';
alter table receiver_introductions drop constraint receiver_introductions_pkey;
alter table receiver_introductions add primary key (receiver_id, wallet_account_id, sub_merchant);
