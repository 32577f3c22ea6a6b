import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Law 5: what may still be paid is asked about, and money without a use goes back. */
const ofAPayment: Law = {
  name: 'attempts.of-a-payment',
  means:
    'An attempt is for the whole amount of a payment that is there, at an account of its wallet.',
  violations: sql`
    select a.id, format('%s of %s: amount %s of %s, at %s of %s', a.wallet, a.payment_id, a.amount,
      coalesce(p.amount::text, 'nothing'), a.wallet_account_id, coalesce(w.wallet, 'nobody'))
      as detail
    from attempts a
    left join payments p on p.book = a.book and p.id = a.payment_id
    left join wallet_accounts w on w.id = a.wallet_account_id
    where (p.amount, w.wallet) is distinct from (a.amount, a.wallet)`,
};

const askedUntilTheEnd: Law = {
  name: 'attempts.asked-until-the-end',
  means: 'An attempt has a next question to its wallet while it can be paid, and none afterwards.',
  violations: sql`
    select id, format('%s with next question %s', state, coalesce(next_query_at::text, 'never'))
      as detail
    from attempts
    where (state in ('created', 'presented', 'unknown', 'abandoned')) <> (next_query_at is not null)`,
};

const lateMoneyGoesBack: Law = {
  name: 'attempts.late-money-goes-back',
  means:
    'Money that came late or twice has one refund of its amount, or one for each part, and its attempt is over.',
  violations: sql`
    with back as (
      select book, attempt_id, sum(amount) as amount, count(*) as refunds,
        count(distinct part_id) as parts
      from refunds where origin <> 'requested' group by book, attempt_id
    )
    select coalesce(a.id, b.attempt_id) as id, format('%s: %s to return, %s in %s refunds',
      coalesce(a.state, 'not there'), a.returned, coalesce(b.amount, 0), coalesce(b.refunds, 0))
      as detail
    from attempts a full join back b on b.book = a.book and b.attempt_id = a.id
    where a.id is null
      or a.returned <> coalesce(b.amount, 0)
      or b.refunds > greatest(1, b.parts)
      or (a.returned <> 0 and not (a.returned = a.amount and a.state in ('closed', 'refused')))`,
};

const callsHaveAttempts: Law = {
  name: 'attempts.calls-have-theirs',
  means: 'Every recorded call to a wallet belongs to an attempt that is there, and to its payment.',
  violations: sql`
    select c.id, format('%s for %s of %s', c.operation, c.attempt_id, c.payment_id) as detail
    from wallet_calls c left join attempts a on a.book = c.book and a.id = c.attempt_id
    where a.payment_id is distinct from c.payment_id`,
};

export const ATTEMPT_LAWS: readonly Law[] = [
  ofAPayment,
  askedUntilTheEnd,
  lateMoneyGoesBack,
  callsHaveAttempts,
];
