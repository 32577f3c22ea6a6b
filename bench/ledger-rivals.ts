import { openDb, sql } from '../src/db/pool.ts';
import { type Book, newId, sha256 } from '../src/ids.ts';
import type { AccountSpec, Ledger, NewPosting, RowKind } from '../src/ledger/ledger.ts';
import { createLedger } from '../src/ledger/writer/writer.ts';
import { createLog } from '../src/log.ts';
import { publishEvents } from '../src/webhooks/publish.ts';

/**
 * Three ways to write the same thing: a payment's row, an event, and two postings (the payment and
 * its fee) between three accounts. `writer` is the product's; `function` locks the accounts' rows
 * in one PostgreSQL function a payment; `inserts` only inserts, without balances: the floor.
 */
const BOOK: Book = 0;
const PAYMENTS: RowKind = {
  table: 'payments',
  columns: {
    platform_id: 'text',
    merchant_id: 'text',
    state: 'text',
    amount: 'bigint',
    currency: 'text',
    description: 'text',
    order_reference: 'text',
    checkout_token_hash: 'text',
    expires_at: 'timestamptz',
    created_at: 'timestamptz',
  },
};

export interface Accounts {
  readonly wallet: AccountSpec;
  readonly merchant: AccountSpec;
  readonly fees: AccountSpec;
}

export interface Rival {
  readonly name: string;
  write(accounts: Accounts): Promise<void>;
  stop(): Promise<void>;
}

const AMOUNT = 10_000n;
const FEE = 60n;
/** Connections of the rivals that hold one while they write. */
const CONNECTIONS = 16;

function rowOf(id: string) {
  const now = new Date();
  return {
    platform_id: 'plt_bench',
    merchant_id: 'mer_bench',
    state: 'requires_wallet',
    amount: AMOUNT,
    currency: 'CNY',
    description: 'bench',
    order_reference: id,
    checkout_token_hash: sha256(id),
    expires_at: now,
    created_at: now,
  };
}

function eventOf(id: string) {
  return {
    book: BOOK,
    id: newId('evt', BOOK),
    type: 'attempt.succeeded' as const,
    platform_id: 'plt_bench',
    object_id: id,
    payment_id: id,
    sequence: 0,
    public: false,
    data: { attempt: id, wallet: 'wechat_pay', wallet_transaction_id: '4200002026112112345678' },
  };
}

function postingsOf({ wallet, merchant, fees }: Accounts, subject_id: string): NewPosting[] {
  const common = { kind: 'posted', currency: 'CNY', subject_id, business_at: new Date() } as const;
  const id = () => newId('pst', BOOK);
  return [
    { ...common, id: id(), debit: wallet, credit: merchant, amount: AMOUNT, reason: 'payment' },
    { ...common, id: id(), debit: merchant, credit: fees, amount: FEE, reason: 'wallet_fee' },
  ];
}

export function writerRival(url: string): Rival {
  const settings = { enable_hashjoin: 'off', enable_mergejoin: 'off' };
  const db = openDb({ url, max_connections: 4, pipeline: true, settings });
  const log = createLog({ level: 'fatal', name: 'bench' });
  const enqueueJobs = () => Promise.resolve();
  const ledger: Ledger = createLedger({ db, log, publishEvents, enqueueJobs, wake() {} });
  return {
    name: 'writer',
    async write(accounts) {
      const id = newId('pay', BOOK);
      const { kind } = await ledger.submit({
        book: BOOK,
        rows: [{ op: 'insert', kind: PAYMENTS, id, values: rowOf(id) }],
        postings: postingsOf(accounts, id),
        events: [eventOf(id)],
        jobs: [],
      });
      if (kind !== 'committed') throw new Error(`a move was ${kind}`);
    },
    async stop() {
      await ledger.stop();
      await db.end();
    },
  };
}

/** The same rows in one statement, by a function that locks accounts in order, or by inserts. */
function statementRival(url: string, name: 'function' | 'inserts'): Rival {
  const { pool, end } = openDb({ url, max_connections: CONNECTIONS });
  return {
    name,
    async write(accounts) {
      const id = newId('pay', BOOK);
      const row = rowOf(id);
      const event = eventOf(id);
      const postings = postingsOf(accounts, id);
      await pool.query({
        name,
        text: `select bench_${name}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        values: [
          id,
          row.checkout_token_hash,
          row.created_at,
          event.id,
          event.data,
          postings.map((posting) => posting.id),
          newId('mov', BOOK),
          accounts.wallet.id,
          accounts.merchant.id,
          accounts.fees.id,
          [AMOUNT, FEE],
        ],
      });
    },
    stop: end,
  };
}

export const functionRival = (url: string): Rival => statementRival(url, 'function');
export const insertsRival = (url: string): Rival => statementRival(url, 'inserts');

const SIGNATURE = `(id text, token text, at timestamptz, event text, data jsonb, ids text[],
  move text, wallet text, merchant text, fees text, amounts bigint[])`;

const INSERTS = `
  insert into payments (book, id, platform_id, merchant_id, state, amount, currency, description,
    order_reference, checkout_token_hash, expires_at, created_at)
  values (0, id, 'plt_bench', 'mer_bench', 'requires_wallet', amounts[1], 'CNY', 'bench', id, token,
    at, at);
  insert into events (book, id, type, platform_id, object_id, payment_id, public, data)
  values (0, event, 'attempt.succeeded', 'plt_bench', id, id, false, data);
  insert into postings (book, id, move_id, debit_account, credit_account, amount, currency, kind,
    reason, subject_id, business_at)
  values (0, ids[1], move, wallet, merchant, amounts[1], 'CNY', 'posted', 'payment', id, at),
    (0, ids[2], move, merchant, fees, amounts[2], 'CNY', 'posted', 'wallet_fee', id, at);`;

const LOCKS = `
  perform 1 from ledger_accounts a where a.book = 0 and a.id in (wallet, merchant, fees)
    order by a.id for update;
  update ledger_accounts a set
    debits_posted = debits_posted + case a.id when wallet then amounts[1]
      when merchant then amounts[2] else 0 end,
    credits_posted = credits_posted + case a.id when merchant then amounts[1]
      when fees then amounts[2] else 0 end
  where a.book = 0 and a.id in (wallet, merchant, fees);`;

/** The rivals' functions, and the accounts, which the rivals cannot make on the way. */
export async function prepareRivals(url: string, all: readonly Accounts[]): Promise<void> {
  const db = openDb({ url, max_connections: 1 });
  // They keep no chain, so their postings have no position.
  await db.query(sql`alter table postings drop constraint postings_position_check`);
  for (const [name, body] of [
    ['inserts', INSERTS],
    ['function', LOCKS + INSERTS],
  ]) {
    await db.pool.query(`create function bench_${name}${SIGNATURE} returns void
      language plpgsql as $$ begin ${body} end $$`);
  }
  const specs = all.flatMap(({ wallet, merchant, fees }) => [wallet, merchant, fees]);
  const known = new Map(specs.map((spec) => [spec.id, spec.normal]));
  await db.query(sql`
    insert into ledger_accounts (book, id, currency, normal)
    select 0, r.id, 'CNY', r.normal
    from unnest(${[...known.keys()]}::text[], ${[...known.values()]}::text[]) as r (id, normal)`);
  await db.query(sql`analyze`);
  await db.end();
}
