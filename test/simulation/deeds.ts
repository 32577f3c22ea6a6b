import { sql } from '../../src/db/pool.ts';
import type { Ending } from './operations/operation.ts';
import type { World } from './world.ts';

/** How often each operation was done, and how often it was refused or not answered. */
export class Tally {
  readonly #counts = new Map<string, { done: number; refused: number }>();

  add(name: string, ending: Ending): void {
    const count = this.#counts.get(name) ?? { done: 0, refused: 0 };
    if (ending === 'done') count.done += 1;
    if (ending === 'refused') count.refused += 1;
    this.#counts.set(name, count);
  }

  get counts(): ReadonlyMap<string, { readonly done: number; readonly refused: number }> {
    return this.#counts;
  }
}

/** What came of it all, also by time, jobs and wallets alone. */
export async function countDeeds({ auditor }: World): Promise<ReadonlyMap<string, number>> {
  const rows = await auditor.db.query<{ name: string; count: number }>(sql`
    select 'payments paid' as name, count(*)::int as count from payments where state = 'succeeded'
    union all
    select 'orders of several sellers paid', count(distinct p.id)::int
    from payments p join payment_parts t on t.book = p.book and t.payment_id = p.id
    where p.state = 'succeeded'
    union all
    select 'refunds paid', count(*)::int from refunds where state = 'succeeded'
    union all
    select 'parts refunded', count(*)::int from refunds
    where state = 'succeeded' and part_id is not null
    union all
    select 'refunds out of held money', count(*)::int from refunds
    where state = 'succeeded' and from_hold > 0
    union all
    select 'money let go by ' || w.why, (
      select count(*)::int from events
      where type in ('hold.released', 'hold.partially_released') and data ->> 'why' = w.why)
    from unnest(array['receipt', 'platform', 'sharing', 'dispute', 'time']) w (why)
    union all
    select 'shares given', count(*)::int from split_orders
    where kind = 'split' and state = 'finished'
    union all
    select 'shares given back', count(*)::int from split_orders
    where kind = 'return' and state = 'finished'
    union all
    select 'days settled', count(*)::int from settlements where state = 'settled'
    union all
    select 'payouts by ' || k.kind, (
      select count(*)::int from payouts where kind = k.kind and state = 'succeeded')
    from unnest(array['transfer', 'withdrawal']) k (kind)
    union all
    select 'days closed against bills', count(*)::int from bills where state = 'closed'
    union all
    select 'payments and refunds told by bills alone',
      coalesce(sum((report ->> 'completed')::int), 0)::int from bills`);
  return new Map(rows.map(({ name, count }) => [name, count]));
}
