import { type Queryable, sql, statement } from '../../src/db/pool.ts';
import type { Shop } from './shop.ts';
import type { World } from './world.ts';

/** What was answered is true for good: it is there, with its amount, and what was final stays. */
const TABLES = {
  payment: 'payments',
  attempt: 'attempts',
  refund: 'refunds',
  payout: 'payouts',
  hold: 'holds',
} as const;
const FINAL = ['succeeded', 'closed', 'released', 'returned'];

function isTold(object: unknown): object is keyof typeof TABLES {
  return typeof object === 'string' && object in TABLES;
}

export async function brokenPromises({ auditor }: World, shop: Shop): Promise<string[]> {
  const found = await tooSmallPayouts(auditor.db);
  for (const [object, table] of Object.entries(TABLES)) {
    const text = `select id, state, amount from ${table}`;
    const rows = await auditor.db.query<{ id: string; state: string; amount: bigint }>(
      statement(text, []),
    );
    const now = new Map(rows.map((row) => [row.id, row]));
    for (const { json, text: answer } of shop.promises) {
      if (!isTold(json['object']) || json['object'] !== object) continue;
      const row = now.get(String(json['id']));
      const state = String(json['state']);
      if (!row) found.push(`answered, and not there: ${answer}`);
      else if (Number(row.amount) !== json['amount'] || !stays(state, row.state)) {
        found.push(`${row.id} is ${row.state} with ${row.amount}; answered: ${answer}`);
      }
    }
  }
  return found;
}

/** The terms of the parties stay what they are, whatever amount the shop asks for. */
async function tooSmallPayouts(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ id: string; amount: bigint; minimum: bigint }>(sql`
    select p.id, p.amount, t.minimum from payouts p
    join payout_terms t on t.merchant_id = p.merchant_id
      and t.wallet_account_id = p.wallet_account_id
    where p.amount < t.minimum order by p.id`);
  return rows.map(({ id, amount, minimum }) => `${id}: ${amount}, and the minimum is ${minimum}`);
}

function stays(told: string, now: string): boolean {
  // A payout that had arrived may come back.
  return told === now || !FINAL.includes(told) || (told === 'succeeded' && now === 'returned');
}
