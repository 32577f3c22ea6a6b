import type { Client } from 'pg';
import { withClient } from '../../src/db/postgres-admin.ts';
import { shareHalfUp } from '../../src/money.ts';
import type { PlantedLine } from '../../src/reconciliation/testing.ts';
import { beforeTheChain } from './before-the-chain.ts';
import { HEX, hex, orderLines, storeOrders } from './planted-orders.ts';

/**
 * A day of `count` payments and their refunds, written set by set, and the bill of it, in which
 * `planted` of each kind of break are. The nth payment is the same by number here and in SQL.
 */
export interface PlantedDay {
  readonly database_url: string;
  readonly platform: string;
  readonly merchant: string;
  readonly account: string;
  /** Business date. */
  readonly date: string;
  readonly count: number;
  readonly planted: number;
}

/** Which numbers have what wrong with them, `planted` of each, in this order. */
const WRONGS = [
  'missing_there',
  'amount',
  'fee',
  'duplicate',
  'date_shift',
  'completed',
  'cheaper',
  'state',
  'ledger',
  'refund_missing_there',
] as const;
type Wrong = (typeof WRONGS)[number];

/** Every so many payments one is refunded by half. */
const REFUND_EVERY = 20;
const DAY_S = 86_398;

function wrongOf({ planted }: PlantedDay, n: number): Wrong | undefined {
  return WRONGS[Math.floor((n - 1) / planted)];
}

function isRefunded(day: PlantedDay, n: number): boolean {
  const wrong = wrongOf(day, n);
  return wrong === undefined ? n % REFUND_EVERY === 0 : /state|refund/.test(wrong);
}

const amountOf = (n: number) => 1_000n + ((BigInt(n) * 7_919n) % 90_000n);
const feeOf = (n: number) => shareHalfUp(amountOf(n), 600n, 100_000n);

function timeOf(day: PlantedDay, n: number): Date {
  const second = Math.floor((n * DAY_S) / (day.count + 1));
  return new Date(Date.parse(`${day.date}T00:00:00+08:00`) + second * 1_000);
}

/** What the close of the day must find, and nothing else. */
export function plantedBreaks({ planted }: PlantedDay): Readonly<Record<string, number>> {
  return {
    amount: 2 * planted,
    date_shift: planted,
    duplicate: planted,
    fee: planted,
    ledger: planted,
    missing_here: 2 * planted,
    missing_there: 3 * planted,
    state: planted,
  };
}

/** Payments, single and combined, of which only the bill tells. */
export function plantedCompletions({ planted }: PlantedDay): number {
  return 2 * planted;
}

/** Lines of the bill, one after the other. */
export function* billLines(day: PlantedDay): Generator<PlantedLine, void, undefined> {
  for (let n = 1; n <= day.count; n += 1) yield* linesOf(day, n);
  yield* orderLines(day);
  for (let n = 1; n <= day.planted; n += 1) {
    const at = timeOf(day, n);
    const transaction_id = `42009${n.toString().padStart(23, '0')}`;
    const unknown = { transaction_id, amount: 700n, at } as const;
    yield { ...unknown, kind: 'payment', reference: `00Z${hex(n)}` };
    const reference = `000${hex(day.count)}`;
    yield { ...unknown, kind: 'refund', reference, refund_reference: `00Y${hex(n)}` };
  }
}

/** The nth payment as an honest bill has it. */
export function paymentLine(day: PlantedDay, n: number): PlantedLine {
  return {
    kind: 'payment',
    reference: `000${hex(n)}`,
    transaction_id: `4200${n.toString().padStart(24, '0')}`,
    amount: amountOf(n),
    fee: feeOf(n),
    at: timeOf(day, n),
  };
}

function* linesOf(day: PlantedDay, n: number): Generator<PlantedLine, void, undefined> {
  const wrong = wrongOf(day, n);
  const payment = spoiled(day, paymentLine(day, n), wrong);
  if (wrong !== 'missing_there') yield payment;
  if (wrong === 'duplicate') yield payment;
  if (!isRefunded(day, n) || wrong === 'refund_missing_there') return;
  const amount = amountOf(n) / 2n;
  const fee = -((feeOf(n) * amount) / amountOf(n));
  yield { ...payment, kind: 'refund', refund_reference: `00R${hex(n)}`, amount, fee };
}

function spoiled(day: PlantedDay, line: PlantedLine, wrong: Wrong | undefined): PlantedLine {
  const { amount, fee = 0n } = line;
  switch (wrong) {
    case 'amount':
      return { ...line, amount: amount + 1n };
    case 'fee':
      return { ...line, fee: amount / 20n };
    case 'cheaper':
      return { ...line, fee: fee - 1n };
    case 'date_shift':
      return { ...line, at: new Date(`${day.date}T23:59:59+08:00`) };
    default:
      return line;
  }
}

const AMOUNT = '(1000 + (n * 7919) % 90000)';
const FEE = `((${AMOUNT} * 1200 + 100000) / 200000)`;
/** $1 first and $2 last number, $3 the day's start, $4 all, $5 planted, $6 account, $7 merchant. */
const WRONG = '((n - 1) / $5::bigint)';
const AT = `$3::timestamptz + ((n * ${DAY_S}) / ($4::bigint + 1)) * interval '1 second'`;
const PAID_AT = `case when ${WRONG} = 4 then $3::timestamptz + interval '24 hours 1 second'
  else ${AT} end`;
const UNPAID = `${WRONG} = 5`;
const REFUNDED = `case when ${WRONG} >= ${WRONGS.length} then n % ${REFUND_EVERY} = 0
  else ${WRONG} in (7, 9) end`;
const ALL = `generate_series($1::bigint, $2::bigint) n
  where $3::timestamptz is not null and $4::bigint > 0 and $5::bigint > 0
    and $6::text is not null and $7::text is not null and $8::text is not null`;

const STATEMENTS = [
  `insert into payments (book, id, version, sequence, platform_id, merchant_id, state, amount,
    currency, description, order_reference, checkout_token_hash, expires_at, succeeded_attempt_id,
    wallet, created_at, paid_at)
  select 0, 'pay_000' || ${HEX}, 3, 1, $8, $7,
    case when ${UNPAID} then 'pending' else 'succeeded' end, ${AMOUNT}, 'CNY', 'Tea', 'day-' || n,
    md5(n::text) || md5('t' || n), ${AT} + interval '3000 days',
    case when ${UNPAID} then null else 'att_000' || ${HEX} end,
    case when ${UNPAID} then null else 'wechat_pay' end, ${AT},
    case when ${UNPAID} then null else ${PAID_AT} end
  from ${ALL}`,
  `insert into attempts (book, id, version, payment_id, wallet, wallet_account_id, presentation,
    state, wallet_reference, amount, wallet_transaction_id, expires_at, created_at, paid_at)
  select 0, 'att_000' || ${HEX}, 3, 'pay_000' || ${HEX}, 'wechat_pay', $6, 'qr',
    case when ${UNPAID} then 'presented' else 'succeeded' end, '000' || ${HEX}, ${AMOUNT},
    case when ${UNPAID} then null else '4200' || lpad(n::text, 24, '0') end,
    ${AT} + interval '3000 days', ${AT}, case when ${UNPAID} then null else ${PAID_AT} end
  from ${ALL}`,
  `insert into postings (book, id, move_id, debit_account, credit_account, amount, currency, kind,
    reason, subject_id, business_at)
  select 0, 'pst_00' || part || ${HEX}, 'mov_000' || ${HEX},
    case part when 0 then 'wallet:' || $6 else 'merchant:' || $7 end,
    case part when 0 then 'merchant:' || $7 else 'wallet_fees:' || $6 end,
    case part when 0 then ${AMOUNT} - case when ${WRONG} = 8 then 1 else 0 end else ${FEE} end,
    'CNY', 'posted', case part when 0 then 'payment' else 'wallet_fee_estimate' end,
    'pay_000' || ${HEX}, ${AT}
  from generate_series(0, 1) part, ${ALL} and not ${UNPAID}`,
  `insert into refunds (book, id, version, payment_id, attempt_id, state, origin, amount, currency,
    reason, reference, refund_reference, reservation_id, created_at, succeeded_at)
  select 0, 'rfd_000' || ${HEX}, 3, 'pay_000' || ${HEX}, 'att_000' || ${HEX},
    case when ${WRONG} = 7 then 'refused' else 'succeeded' end, 'requested', ${AMOUNT} / 2, 'CNY',
    'broken', 'R', '00R' || ${HEX}, 'pst_002' || ${HEX}, ${AT},
    case when ${WRONG} = 7 then null else ${AT} end
  from ${ALL} and ${REFUNDED}`,
  `insert into postings (book, id, move_id, debit_account, credit_account, amount, currency, kind,
    ends, reason, subject_id, business_at)
  select 0, 'pst_00' || part || ${HEX},
    case part when 2 then 'mov_001' else 'mov_002' end || ${HEX},
    case part when 4 then 'wallet_fees:' || $6 else 'merchant:' || $7 end,
    case part when 4 then 'merchant:' || $7 else 'wallet:' || $6 end,
    case part when 4 then (${FEE} * (${AMOUNT} / 2)) / ${AMOUNT} else ${AMOUNT} / 2 end, 'CNY',
    case part when 2 then 'pending' when 3 then
      case when ${WRONG} = 7 then 'void' else 'post' end else 'posted' end,
    case part when 3 then 'pst_002' || ${HEX} end,
    case part when 4 then 'wallet_fee_returned' else 'refund' end, 'pay_000' || ${HEX}, ${AT}
  from generate_series(2, 4) part, ${ALL} and ${REFUNDED} and not (part = 4 and ${WRONG} = 7)
    and (part <> 4 or (${FEE} * (${AMOUNT} / 2)) / ${AMOUNT} > 0)`,
];

const TABLES = ['payments', 'attempts', 'postings', 'refunds'];
const CHUNK = 200_000;
/** From here on indexes are made anew at the end: so many rows come faster so. */
const MANY = 100_000;

export function storeDay(day: PlantedDay): Promise<void> {
  return withClient(day.database_url, (client) =>
    beforeTheChain(client, () => storeRows(client, day)),
  );
}

async function storeRows(client: Client, day: PlantedDay): Promise<void> {
  await client.query('set synchronous_commit = off');
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select i.indexname as name, i.indexdef as definition from pg_indexes i
     where i.schemaname = 'public' and i.tablename = any($1) and $2
       and not exists (select from pg_constraint c where c.conname = i.indexname)`,
    [TABLES, day.count >= MANY],
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
  for (let first = 1; first <= day.count; first += CHUNK) {
    const last = Math.min(day.count, first + CHUNK - 1);
    const start = new Date(`${day.date}T00:00:00+08:00`);
    const { count, planted, account, merchant, platform } = day;
    const values = [first, last, start, count, planted, account, merchant, platform];
    for (const statement of STATEMENTS) await client.query(statement, values);
  }
  await storeOrders(client, day);
  for (const { definition } of rows) await client.query(definition);
  await client.query('analyze payments, attempts, postings, refunds');
}
