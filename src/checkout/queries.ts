import { type Queryable, sql } from '../db/pool.ts';

/** Who is paid, as the shopper knows them. */
export async function selectPayee(db: Queryable, merchantId: string): Promise<string | undefined> {
  const [row] = await db.query<{ name: string }>(sql`
    select name from merchants where id = ${merchantId}`);
  return row?.name;
}
