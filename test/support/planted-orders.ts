import type { Client } from 'pg';
import { shareHalfUp } from '../../src/money.ts';
import type { PlantedLine } from '../../src/reconciliation/testing.ts';
import type { PlantedDay } from './planted-day.ts';

/** Combined orders of a planted day; the seller of all their parts is the day's merchant. */
type Day = Omit<PlantedDay, 'database_url' | 'count'>;

export const hex = (n: number) => n.toString(16).toUpperCase().padStart(25, '0');
/** The same of `n` in SQL. */
export const HEX = `lpad(upper(to_hex(n)), 25, '0')`;

/** What is wrong with combined orders of three parts, `planted` of each, in this order. */
const WRONGS = ['cheaper', 'completed', 'amount', 'missing_there'] as const;
const PARTS = [1, 2, 3] as const;

/** Lines of all parts, as the bill of the day has them. */
export function* orderLines(day: Day): Generator<PlantedLine, void, undefined> {
  for (let n = 1; n <= day.planted * WRONGS.length; n += 1) {
    const wrong = WRONGS[Math.floor((n - 1) / day.planted)];
    for (const part of PARTS) {
      const { amount, fee, ...line } = partLine(day, n, part);
      if (wrong === 'missing_there' && part === 3) continue;
      yield {
        ...line,
        amount: wrong === 'amount' && part === 1 ? amount + 1n : amount,
        fee: wrong === 'cheaper' && part === 2 ? fee - 1n : fee,
      };
    }
  }
}

/** What the bill lacks of them. */
export function missingParts(day: Day): PlantedLine[] {
  const before = WRONGS.indexOf('missing_there') * day.planted;
  return Array.from({ length: day.planted }, (_, index) => partLine(day, before + index + 1, 3));
}

function partLine(day: Day, n: number, part: number) {
  const amount = BigInt(500 + ((n * 37) % 400) + part * 1_000);
  return {
    kind: 'payment' as const,
    reference: `00P${part}${hex(n).slice(1)}`,
    transaction_id: `4210${part}${n.toString().padStart(23, '0')}`,
    amount,
    fee: shareHalfUp(amount, 600n, 100_000n),
    at: new Date(`${day.date}T12:00:00+08:00`),
  };
}

/** The same of combined orders: $1 how many, $2 noon, $3 planted, $4 account, $5 merchant, $6. */
const UNPAID = `(n - 1) / $3::bigint = ${WRONGS.indexOf('completed')}`;
const PART_AMOUNT = '(500 + (n * 37) % 400 + part * 1000)';
const ORDER_AMOUNT = '(7500 + 3 * ((n * 37) % 400))';
const ALL_ORDERS = `generate_series(1, $1::bigint) n
  where $2::timestamptz is not null and $3::bigint > 0 and $4::text is not null
    and $5::text is not null and $6::text is not null`;
const ALL_PARTS = `generate_series(1, ${PARTS.length}) part, ${ALL_ORDERS}`;
const PART = `part || lpad(upper(to_hex(n)), 24, '0')`;

const STATEMENTS = [
  `insert into payments (book, id, version, sequence, platform_id, merchant_id, state, amount,
    currency, description, order_reference, checkout_token_hash, expires_at, succeeded_attempt_id,
    wallet, created_at, paid_at, part_count)
  select 0, 'pay_00P' || ${HEX}, 3, 1, $6, $5,
    case when ${UNPAID} then 'pending' else 'succeeded' end, ${ORDER_AMOUNT}, 'CNY', 'Tea',
    'order-' || n, md5('p' || n) || md5('q' || n), $2::timestamptz + interval '3000 days',
    case when ${UNPAID} then null else 'att_00P' || ${HEX} end,
    case when ${UNPAID} then null else 'wechat_pay' end, $2::timestamptz,
    case when ${UNPAID} then null else $2::timestamptz end, ${PARTS.length}
  from ${ALL_ORDERS}`,
  `insert into payment_parts (book, id, payment_id, position, merchant_id, amount, description,
    reference)
  select 0, 'prt_00P' || ${PART}, 'pay_00P' || ${HEX}, part, $5, ${PART_AMOUNT}, 'Tea', part
  from ${ALL_PARTS}`,
  `insert into attempts (book, id, version, payment_id, wallet, wallet_account_id, presentation,
    state, wallet_reference, amount, expires_at, created_at, paid_at, combined)
  select 0, 'att_00P' || ${HEX}, 3, 'pay_00P' || ${HEX}, 'wechat_pay', $4, 'qr',
    case when ${UNPAID} then 'presented' else 'succeeded' end, '00Q' || ${HEX},
    ${ORDER_AMOUNT}, $2::timestamptz + interval '3000 days', $2::timestamptz,
    case when ${UNPAID} then null else $2::timestamptz end, true
  from ${ALL_ORDERS}`,
  `insert into attempt_parts (book, wallet_reference, attempt_id, payment_id, part_id, position,
    wallet_account_id, amount, description)
  select 0, '00P' || ${PART}, 'att_00P' || ${HEX}, 'pay_00P' || ${HEX}, 'prt_00P' || ${PART}, part,
    $4, ${PART_AMOUNT}, 'Tea'
  from ${ALL_PARTS}`,
  `insert into postings (book, id, move_id, debit_account, credit_account, amount, currency, kind,
    reason, subject_id, business_at)
  select 0, 'pst_00P' || side || ${PART}, 'mov_00P' || ${HEX},
    case side when 0 then 'wallet:' || $4 else 'merchant:' || $5 end,
    case side when 0 then 'merchant:' || $5 else 'wallet_fees:' || $4 end,
    case side when 0 then ${PART_AMOUNT} else (${PART_AMOUNT} * 1200 + 100000) / 200000 end,
    'CNY', 'posted', case side when 0 then 'payment' else 'wallet_fee_estimate' end,
    'pay_00P' || ${HEX}, $2::timestamptz
  from generate_series(0, 1) side, ${ALL_PARTS} and not ${UNPAID}`,
];

export async function storeOrders(client: Client, day: Day): Promise<void> {
  const { account, merchant, platform, planted } = day;
  const noon = new Date(`${day.date}T12:00:00+08:00`);
  const values = [planted * WRONGS.length, noon, planted, account, merchant, platform];
  for (const statement of STATEMENTS) await client.query(statement, values);
}
