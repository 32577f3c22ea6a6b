import { brokenLaws } from '../../src/check/run.ts';
import { type Queryable, sql } from '../../src/db/pool.ts';
import { LAWS } from '../../src/laws/every.ts';
import { differences } from '../support/books.ts';
import { bookDifferences } from './books.ts';
import { brokenPromises } from './promises.ts';
import type { Shop } from './shop.ts';
import type { World } from './world.ts';

/** Sentences about what is wrong now, in the middle of everything. */
export async function checkNow(world: World, shop: Shop): Promise<string[]> {
  const { db } = world.auditor;
  const broken = await brokenLaws(db, LAWS);
  return [
    ...shop.complaints,
    ...broken.map(({ law, detail }) => `${law}: ${detail}`),
    ...(await lines(db, ALWAYS)),
    ...world.hubs.flatMap(({ failure }) =>
      failure === undefined ? [] : [`a hub does not start: ${String(failure)}`],
    ),
  ];
}

/** The same once nothing is under way any more, with the wallets' own books beside ours. */
export async function checkAtRest(world: World, shop: Shop): Promise<string[]> {
  const { auditor, wallets, parties } = world;
  const { accounts } = parties;
  return [
    ...(await checkNow(world, shop)),
    ...(await differences(auditor, wallets.all, { book: 0, accounts })),
    ...(await bookDifferences(world)),
    ...(await brokenPromises(world, shop)),
    ...(await lines(auditor.db, AT_REST)),
    ...(await unheard(world, shop)),
  ];
}

/** What still has to happen before the books can be compared; empty at rest. */
export async function unfinished(world: World): Promise<string[]> {
  const left = await lines(world.auditor.db, UNFINISHED);
  const waiting = world.wallets.all.filter((wallet) => wallet.pendingNotifications() > 0);
  return [...left, ...waiting.map(({ wallet }) => `${wallet} has notifications to deliver`)];
}

async function lines(db: Queryable, questions: ReturnType<typeof sql>[]): Promise<string[]> {
  const found: string[] = [];
  for (const question of questions) {
    for (const { what } of await db.query<{ what: string }>(question)) found.push(what);
  }
  return found;
}

const ALWAYS = [
  sql`select format('payment %s succeeded %s times', payment_id, count(*)) as what
    from attempts where state = 'succeeded' group by payment_id having count(*) > 1`,
  sql`select format('payment %s is %s and has %s succeeded attempts', p.id, p.state, count(a.id))
      as what
    from payments p left join attempts a
      on a.book = p.book and a.payment_id = p.id and a.state = 'succeeded'
    group by p.book, p.id, p.state
    having (p.state = 'succeeded') <> (count(a.id) > 0)`,
  sql`select format('order %s is open or paid %s times', order_reference, count(*)) as what
    from payments where state <> 'closed' group by platform_id, order_reference
    having count(*) > 1`,
  sql`select format('payment %s of %s is refunded by %s', p.id, p.amount, sum(r.amount)) as what
    from payments p join refunds r on r.book = p.book and r.payment_id = p.id
    where r.origin = 'requested' and r.state <> 'refused'
    group by p.book, p.id, p.amount having sum(r.amount) > p.amount`,
  sql`select format('two events of %s have the number %s', object_id, sequence) as what
    from events where public group by book, object_id, sequence having count(*) > 1`,
  sql`select format('events of %s: %s, the last is number %s', object_id, count(*), max(sequence))
      as what
    from events where public and object_id like 'pay%' group by book, object_id
    having count(*) <> max(sequence)`,
  sql`select format('positions of events: %s, the last is %s', count(*), max(position)) as what
    from events where position is not null group by book having count(*) <> max(position)`,
  sql`select format('job %s %s is dead: %s', kind, key, last_error) as what
    from jobs where state = 'dead'`,
];

const AT_REST = [
  sql`select format('payment %s is %s without an event that says so', p.id, p.state) as what
    from payments p
    where p.state in ('succeeded', 'closed') and not exists (
      select from events e
      where e.book = p.book and e.object_id = p.id and e.type = 'payment.' || p.state)`,
  sql`select format('refund %s is %s without an event that says so', r.id, r.state) as what
    from refunds r
    where r.origin = 'requested' and r.state = 'succeeded' and not exists (
      select from events e
      where e.book = r.book and e.payment_id = r.payment_id and e.type = 'refund.succeeded'
        and e.object_id = r.id)`,
  sql`select format('delivery %s is %s', id, state) as what
    from deliveries where state <> 'delivered'`,
  sql`select format('account %s holds %s and %s for nobody', id, debits_pending, credits_pending)
      as what
    from ledger_accounts
    where (debits_pending <> 0 or credits_pending <> 0) and not exists (
      select from payouts where state in ('pending', 'needs_payee'))`,
  sql`select format('break %s of %s is open: %s', kind, coalesce(payment_id, 'no payment'), detail)
      as what
    from breaks where state = 'open'`,
];

const UNFINISHED = [
  sql`select format('break %s of %s is open', kind, subject) as what from breaks
    where state = 'open'`,
  sql`select format('job %s %s', kind, key) as what from jobs where state = 'ready'`,
  sql`select format('payment %s %s', id, state) as what from payments
    where state not in ('succeeded', 'closed')`,
  sql`select format('attempt %s %s', id, state) as what from attempts
    where state not in ('succeeded', 'refused', 'closed', 'abandoned')`,
  sql`select format('attempt %s abandoned, to be asked about', id) as what from attempts
    where state = 'abandoned' and next_query_at is not null`,
  sql`select format('refund %s %s', id, state) as what from refunds
    where state not in ('succeeded', 'refused', 'needs_action')`,
  sql`select format('%s about held money %s is %s', kind, id, state) as what from split_orders
    where state in ('created', 'pending', 'unknown')`,
  sql`select format('hold %s is %s, though its time has come', id, state) as what from holds
    where state = 'releasing' or (state = 'held' and disputed_at is null
      and release_at <= hutong_now() and amount > released + shared + returned + reserved)`,
  sql`select format('settlement %s %s', id, state) as what from settlements
    where state = 'counted'`,
  sql`select format('payout %s %s', id, state) as what from payouts
    where state in ('created', 'unknown')
      or (state = 'pending' and created_at < hutong_now() - interval '3 days')`,
  sql`select format('event %s has no position', id) as what from events
    where public and position is null`,
];

async function unheard({ auditor }: World, shop: Shop): Promise<string[]> {
  const rows = await auditor.db.query<{ id: string }>(sql`
    select e.id from events e join deliveries d on d.book = e.book and d.event_id = e.id
    where e.public`);
  const told = rows.filter(({ id }) => !shop.heard.has(id));
  return told.map(({ id }) => `the shop never heard of event ${id}`);
}
