import type { Client } from 'pg';
import { withClient } from '../src/db/postgres-admin.ts';
import { beforeTheChain } from '../test/support/before-the-chain.ts';

/**
 * Payments of the past, written set by set: as many rows in every table as a paid payment leaves
 * there, with ids older than any other. Balances are not touched: no payment is refunded here. The
 * postings count as those from before the chain, as no link is made of them.
 */
const CHUNK = 200_000;
const TABLES = ['payments', 'attempts', 'postings', 'events', 'wallet_calls', 'notifications'];

/** Ids of the nth payment of the past: the right alphabet, and times of 1970. */
const id = (prefix: string) => `'${prefix}_00' || lpad(upper(to_hex(n)), 26, '0')`;

const STATEMENTS = [
  `insert into payments (book, id, version, sequence, platform_id, merchant_id, state, amount,
    currency, description, order_reference, checkout_token_hash, expires_at, succeeded_attempt_id,
    wallet, created_at, paid_at)
  select 0, ${id('pay')}, 3, 1, $3, $4, 'succeeded', 1000 + n % 90000, 'CNY', 'Jasmine tea, 250 g',
    'past-' || n, md5(n::text) || md5('t' || n), now() - interval '30 days', ${id('att')},
    'wechat_pay', now() - interval '31 days' + n * interval '1 ms', now() - interval '31 days'
  from generate_series($1::bigint, $2::bigint) n`,
  `insert into attempts (book, id, version, payment_id, wallet, wallet_account_id, presentation,
    state, wallet_reference, amount, presentation_data, wallet_transaction_id, payer_paid,
    expires_at, created_at, paid_at)
  select 0, ${id('att')}, 3, ${id('pay')}, 'wechat_pay', $3, 'qr', 'succeeded',
    '00' || lpad(upper(to_hex(n)), 26, '0'), 1000 + n % 90000,
    '{"kind": "qr", "qr": "weixin://wxpay/bizpayurl?pr=0000000"}', '4200' || lpad(n::text, 24, '0'),
    1000 + n % 90000, now() - interval '30 days', now() - interval '31 days',
    now() - interval '31 days'
  from generate_series($1::bigint, $2::bigint) n where $4::text is not null`,
  `insert into postings (book, id, move_id, debit_account, credit_account, amount, currency, kind,
    reason, subject_id, business_at)
  select 0, 'pst_00' || part || lpad(upper(to_hex(n)), 25, '0'), ${id('mov')},
    case part when 0 then 'wallet:' || $3 else 'merchant:' || $4 end,
    case part when 0 then 'merchant:' || $4 else 'wallet_fees:' || $3 end,
    case part when 0 then 1000 + n % 90000 else 6 end, 'CNY', 'posted',
    case part when 0 then 'payment' else 'wallet_fee_estimate' end, ${id('pay')}, now()
  from generate_series($1::bigint, $2::bigint) n, generate_series(0, 1) part`,
  `insert into events (book, id, type, platform_id, object_id, payment_id, sequence, public, data,
    position)
  select 0, 'evt_00' || part || lpad(upper(to_hex(n)), 25, '0'),
    (array['payment.created', 'attempt.created', 'payment.succeeded'])[part + 1], $3, ${id('pay')},
    ${id('pay')}, part / 2, part = 2, jsonb_build_object('merchant', $4::text, 'amount', n),
    case part when 2 then n end
  from generate_series($1::bigint, $2::bigint) n, generate_series(0, 2) part`,
  `insert into wallet_calls (book, id, payment_id, attempt_id, wallet, operation, outcome, trace)
  select 0, ${id('cal')}, ${id('pay')}, ${id('att')}, 'wechat_pay', 'create', 'presented',
    jsonb_build_object('account', $3::text, 'merchant', $4::text, 'status', 200)
  from generate_series($1::bigint, $2::bigint) n`,
  `insert into notifications (book, id, wallet, wallet_account_id, fact_id, fact_state, content,
    masked, outcome, payment_id, processed_at)
  select 0, ${id('ntf')}, 'wechat_pay', $3, 'past-' || n, 'paid', '{}',
    jsonb_build_object('merchant', $4::text), 'succeed', ${id('pay')}, now()
  from generate_series($1::bigint, $2::bigint) n`,
];

export interface Past {
  readonly database_url: string;
  readonly platform: string;
  readonly merchant: string;
  readonly count: number;
}

export function storePast(past: Past): Promise<void> {
  return withClient(past.database_url, (client) =>
    beforeTheChain(client, () => storeRows(client, past)),
  );
}

/** Indexes other than primary keys are made anew at the end: millions of rows come faster so. */
async function storeRows(client: Client, past: Past): Promise<void> {
  await client.query('set synchronous_commit = off; set maintenance_work_mem = "512MB"');
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select i.indexname as name, i.indexdef as definition from pg_indexes i
     where i.schemaname = 'public' and i.tablename = any($1)
       and not exists (select from pg_constraint c where c.conname = i.indexname)`,
    [TABLES],
  );
  const { rows: accounts } = await client.query<{ id: string }>(
    `select id from wallet_accounts where wallet = 'wechat_pay' limit 1`,
  );
  const account = accounts[0]?.id ?? '';
  for (const { name } of rows) await client.query(`drop index ${name}`);
  for (let first = 1; first <= past.count; first += CHUNK) {
    const last = Math.min(past.count, first + CHUNK - 1);
    for (const [index, statement] of STATEMENTS.entries()) {
      const [third, fourth] = fill(index, account, past);
      await client.query(statement, [first, last, third, fourth]);
    }
  }
  for (const { definition } of rows) await client.query(definition);
  await client.query('vacuum analyze');
}

function fill(index: number, account: string, { platform, merchant }: Past): [string, string] {
  return index === 0 || index === 3 ? [platform, merchant] : [account, merchant];
}
