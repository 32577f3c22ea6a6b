import type { Client } from 'pg';

/** Lets postings in that have no place in the chain, and counts them as those from before it. */
export const LET_IN = 'alter table postings drop constraint postings_position_check';
export const KEEP_OUT = `
  alter table postings add constraint postings_position_check check (position is not null) not valid;
  insert into ledger_heads (book, hash, outside)
  select book, decode(repeat('00', 32), 'hex'), count(*) from postings where position is null
  group by book
  on conflict (book) do update set outside = excluded.outside`;

/** Rows of the past come by the hundred thousand, and no link is made of them. */
export async function beforeTheChain(client: Client, store: () => Promise<void>): Promise<void> {
  await client.query(LET_IN);
  await store();
  await client.query(KEEP_OUT);
}
