-- New postings are in the chain. Those from before it are counted, and no more of them are taken.
-- The heads come first, as in every batch of a writer: it waits there, and never for the other one.
alter table ledger_heads add column outside bigint not null default 0;
create index postings_outside_chain on postings (book) where position is null;
insert into ledger_heads (book, hash, outside)
select book, decode(repeat('00', 32), 'hex'), count(*) from postings where position is null group by book
on conflict (book) do update set outside = excluded.outside;
alter table postings add constraint postings_position_check check (position is not null) not valid;
do $$ begin
  if not exists (select from postings where position is null) then
    alter table postings validate constraint postings_position_check;
  end if;
end $$;
