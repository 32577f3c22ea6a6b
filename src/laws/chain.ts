import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/**
 * The chain over the postings, and what is remembered beside them to be quick. Nothing seals
 * postings from before the chain: they are only counted, in the head, when the database begins to
 * refuse more. Whoever owns the tables can change that number too, so `hutong ledger verify` tells
 * it to outsiders.
 */
const positionsGapless: Law = {
  name: 'chain.positions-are-gapless',
  means:
    'In every book positions run from 1 to its head without a gap; as many postings have none as the ' +
    'head counts from before the chain, and the database refuses more.',
  violations: sql`
    select id, format('book %s: position %s follows %s', book, position, before) as detail
    from (
      select book, id, position,
        lag(position, 1, 0::bigint) over (partition by book order by position) as before
      from postings where position is not null
    ) x
    where position <> before + 1
    union all
    select format('head of book %s', coalesce(h.book, x.book)),
      format('position %s, postings end at %s', h.position, x.last)
    from ledger_heads h
    full join (
      select book, max(position) as last from postings where position is not null group by book
    ) x on x.book = h.book
    where coalesce(h.position, 0) <> coalesce(x.last, 0)
    union all
    select format('book %s outside its chain', coalesce(h.book, x.book)),
      format('%s postings have no position, %s are known', coalesce(x.outside, 0),
        coalesce(h.outside, 0))
    from ledger_heads h
    full join (
      select book, count(*) as outside from postings where position is null group by book
    ) x on x.book = h.book
    where coalesce(h.outside, 0) <> coalesce(x.outside, 0)
    union all
    select 'postings_position_check', 'postings without a position are not refused'
    where not exists (
      select from pg_constraint where conrelid = 'postings'::regclass and contype = 'c'
        and pg_get_constraintdef(oid) in ('CHECK (("position" IS NOT NULL))',
          'CHECK (("position" IS NOT NULL)) NOT VALID'))`,
};

/**
 * The lines are those of `src/ledger/chain/seal.ts`, here written by the database itself. Links run
 * from 1 to the head without a gap, and so do positions by the law above: no posting is between.
 */
const linksFollow: Law = {
  name: 'chain.links-follow',
  means:
    'Every link of the chain is the hash of the link before it and of its postings as they stand, and the head is the last one.',
  violations: sql`
    with linked as (
      select book, first_position, last_position, hash, epoch,
        lag(last_position, 1, 0::bigint) over (partition by book order by last_position) as before,
        lag(hash, 1, decode(repeat('00', 32), 'hex'))
          over (partition by book order by last_position) as previous,
        lead(last_position) over (partition by book order by last_position) is null as is_last
      from ledger_seals
    ), texts as (
      select x.book, x.position, '["' || x.position || '",' || to_json(x.id) || ','
        || to_json(x.move_id) || ',' || to_json(x.kind) || ','
        || coalesce(to_json(x.ends)::text, 'null') || ',' || to_json(x.debit_account) || ','
        || to_json(x.credit_account) || ',"' || x.amount || '",' || to_json(x.currency) || ','
        || to_json(x.reason) || ',' || coalesce(to_json(x.subject_id)::text, 'null') || ',"'
        || to_char(x.business_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '",'
        || coalesce('"' || to_char(x.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
          || '"', 'null') || ',"'
        || to_char(x.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || E'"]\\n'
        as line
      from postings x where x.position is not null
    ), hashed as (
      select l.book, l.last_position, string_agg(t.line, '' order by t.position) as lines
      from ledger_seals l
      cross join lateral generate_series(l.first_position, l.last_position) as at (position)
      join texts t on t.book = l.book and t.position = at.position
      group by l.book, l.last_position
    )
    select format('link to position %s of book %s', l.last_position, l.book) as id,
      format('from %s, the one before ends at %s; %s', l.first_position, l.before,
        encode(l.hash, 'hex')) as detail
    from linked l
    left join hashed h on h.book = l.book and h.last_position = l.last_position
    where l.first_position <> l.before + 1
      or l.hash <> sha256(l.previous || convert_to(coalesce(h.lines, ''), 'UTF8'))
    union all
    select format('head of book %s', coalesce(h.book, l.book)),
      format('position %s, epoch %s, hash %s; last link: %s, %s, %s', h.position, h.epoch,
        encode(h.hash, 'hex'), coalesce(l.last_position::text, 'none'), l.epoch,
        encode(l.hash, 'hex'))
    from ledger_heads h full join (
      select book, last_position, hash, epoch from linked where is_last
    ) l on l.book = h.book
    where h.position is distinct from coalesce(l.last_position, 0)
      or h.hash is distinct from coalesce(l.hash, decode(repeat('00', 32), 'hex'))
      or h.epoch < l.epoch`,
};

const snapshotsFollow: Law = {
  name: 'chain.snapshots-follow',
  means: 'What a snapshot says an account was is what the postings up to its position add up to.',
  violations: sql`
    with sides as (
      select book, debit_account as account, coalesce(position, 0) as position, false as snapshot,
        case kind when 'pending' then amount when 'posted' then 0 else -amount end as debit_pending,
        case when kind in ('posted', 'post') then amount else 0 end as debit_posted,
        0::bigint as credit_pending, 0::bigint as credit_posted
      from postings
      union all
      select book, credit_account, coalesce(position, 0), false, 0, 0,
        case kind when 'pending' then amount when 'posted' then 0 else -amount end,
        case when kind in ('posted', 'post') then amount else 0 end
      from postings
      union all
      select book, account, position, true, 0, 0, 0, 0 from ledger_snapshots
    ), summed as (
      select book, account, position, snapshot, sum(debit_pending) over w as debits_pending,
        sum(debit_posted) over w as debits_posted, sum(credit_pending) over w as credits_pending,
        sum(credit_posted) over w as credits_posted
      from sides
      where (book, account) in (select book, account from ledger_snapshots)
      window w as (partition by book, account order by position, snapshot)
    )
    select s.account as id, format('book %s, snapshot at position %s', s.book, s.position) as detail
    from ledger_snapshots s
    join summed t on t.book = s.book and t.account = s.account and t.position = s.position
      and t.snapshot
    where (s.debits_pending, s.debits_posted, s.credits_pending, s.credits_posted)
      is distinct from (t.debits_pending, t.debits_posted, t.credits_pending, t.credits_posted)`,
};

const entriesCounted: Law = {
  name: 'chain.entries-counted',
  means: 'An account has counted every posting in the chain that touched it.',
  violations: sql`
    with touched as (
      select book, account, count(*) as entries
      from (
        select book, debit_account as account from postings where position is not null
        union all
        select book, credit_account from postings where position is not null
      ) x group by book, account
    )
    select a.id, format('book %s: counted %s, postings %s', a.book, a.entries,
      coalesce(t.entries, 0)) as detail
    from ledger_accounts a left join touched t on t.book = a.book and t.account = a.id
    where a.entries <> coalesce(t.entries, 0)`,
};

const expiringAreOpen: Law = {
  name: 'chain.expiring-are-open',
  means: 'A reservation with a time is remembered with that time while it is open, and only then.',
  violations: sql`
    with open as (
      select r.book, r.id, r.expires_at
      from postings r left join postings e on e.book = r.book and e.ends = r.id
      where r.expires_at is not null and e.id is null
    )
    select coalesce(o.id, k.id) as id, format('book %s: ends at %s, remembered for %s',
      coalesce(o.book, k.book), coalesce(o.expires_at::text, 'once'),
      coalesce(k.expires_at::text, 'never')) as detail
    from open o full join ledger_reservations k on k.book = o.book and k.id = o.id
    where o.expires_at is distinct from k.expires_at`,
};

export const CHAIN_LAWS: readonly Law[] = [
  positionsGapless,
  linksFollow,
  snapshotsFollow,
  entriesCounted,
  expiringAreOpen,
];
