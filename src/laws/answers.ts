import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** What the ledger answered, kept for who asks again, and for senders in other processes. */
const movesAsAnswered: Law = {
  name: 'moves.answered-as-written',
  means:
    'The kept answer to a move names that move when it was committed; any other answer left no posting.',
  violations: sql`
    with written as (
      select book, move_id as id, count(*) as postings from postings group by book, move_id
    )
    select m.id, format('%s; %s postings', m.result->>'kind', coalesce(w.postings, 0)) as detail
    from ledger_moves m left join written w on w.book = m.book and w.id = m.id
    where case m.result->>'kind'
      when 'committed' then m.result->>'move_id' is distinct from m.id
      else w.id is not null or coalesce(m.result->>'kind', '') not in ('refused', 'taken') end`,
};

const mailAsAnswered: Law = {
  name: 'mail.answered-as-written',
  means:
    'A move that another process sent has all its postings when the answer is that it was committed, and none before or otherwise.',
  violations: sql`
    with letters as (
      select book, id, result->>'kind' as kind, result->>'move_id' as move_id,
        case when result->>'kind' = 'committed' then jsonb_array_length(move->'postings')
          else 0 end as due
      from ledger_mail
    ), own as (
      select m.book, m.id, posting->>'id' as posting_id
      from ledger_mail m cross join lateral jsonb_array_elements(m.move->'postings') posting
      where m.result->>'kind' is distinct from 'committed'
    ), written as (
      select l.book, l.id, count(p.id) as postings
      from letters l join postings p on p.book = l.book and p.move_id = l.move_id
      group by l.book, l.id
      union all
      select o.book, o.id, count(p.id)
      from own o join postings p on p.book = o.book and p.id = o.posting_id
      group by o.book, o.id
    )
    select l.id, format('%s: %s postings of %s', coalesce(l.kind, 'not answered'),
      coalesce(w.postings, 0), l.due) as detail
    from letters l left join written w on w.book = l.book and w.id = l.id
    where coalesce(w.postings, 0) <> l.due`,
};

export const ANSWER_LAWS: readonly Law[] = [movesAsAnswered, mailAsAnswered];
