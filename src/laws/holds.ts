import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Held money is in an account of its own until somebody has it. */
const haveWhatTheySay: Law = {
  name: 'holds.have-what-they-say',
  means:
    'A hold’s account has what is neither released, shared nor returned, with what is reserved; nothing when it is closed.',
  violations: sql`
    select h.id, format('%s: %s less %s, %s, %s, reserved %s; account %s, pending %s', h.state,
      h.amount, h.released, h.shared, h.returned, h.reserved,
      coalesce(a.credits_posted - a.debits_posted, 0), coalesce(a.debits_pending, 0)) as detail
    from holds h
    left join ledger_accounts a on a.book = h.book and a.id = 'hold:' || h.subject_id
    where coalesce(a.credits_posted - a.debits_posted, 0)
        <> h.amount - h.released - h.shared - h.returned
      or coalesce(a.debits_pending, 0) <> h.reserved
      or (h.closed_at is not null and h.amount <> h.released + h.shared + h.returned)`,
};

const accountsHaveHolds: Law = {
  name: 'holds.accounts-have-theirs',
  means: 'An account of held money belongs to a hold.',
  violations: sql`
    select a.id, format('book %s: no hold', a.book) as detail
    from ledger_accounts a
    left join holds h on h.book = a.book and a.id = 'hold:' || h.subject_id
    where starts_with(a.id, 'hold:') and h.id is null`,
};

const ofAPaidAttempt: Law = {
  name: 'holds.of-a-paid-attempt',
  means: 'A hold is of a paid payment of its platform, taken by the attempt that paid it.',
  violations: sql`
    select h.id, format('%s by %s; paid by %s', h.payment_id, h.attempt_id,
      coalesce(p.succeeded_attempt_id, 'none')) as detail
    from holds h left join payments p on p.book = h.book and p.id = h.payment_id
    where (p.succeeded_attempt_id, p.platform_id) is distinct from (h.attempt_id, h.platform_id)`,
};

const toldGapless: Law = {
  name: 'holds.told-gapless',
  means: 'The public events of a hold are numbered from 1 to the sequence that its row says.',
  violations: sql`
    with told as (
      select book, object_id as id, count(*) as events, max(sequence) as last
      from events where public and starts_with(object_id, 'hld_') group by book, object_id
    )
    select coalesce(h.id, t.id) as id, format('sequence %s; %s events up to %s',
      coalesce(h.sequence::text, 'of no hold'), coalesce(t.events, 0), t.last) as detail
    from holds h full join told t on t.book = h.book and t.id = h.id
    where h.id is null
      or (coalesce(t.events, 0), coalesce(t.last, 0)) is distinct from (h.sequence::bigint, h.sequence)`,
};

export const HOLD_LAWS: readonly Law[] = [
  haveWhatTheySay,
  accountsHaveHolds,
  ofAPaidAttempt,
  toldGapless,
];
