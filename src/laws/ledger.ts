import type { Law } from '../check/law.ts';
import { sql } from '../db/pool.ts';

/** Laws 2 and 3: double entry, floors, reservations, and postings that nobody can change. */
const sumsToZero: Law = {
  name: 'ledger.sums-to-zero',
  means: 'In every book and currency all debits equal all credits, posted and pending.',
  violations: sql`
    select format('book %s %s', book, currency) as id,
      format('posted: debits %s, credits %s; pending: debits %s, credits %s',
        sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending)) as detail
    from ledger_accounts group by book, currency
    having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)`,
};

const balancesEqualPostings: Law = {
  name: 'ledger.balances-equal-postings',
  means: 'The balances of every account are what all its postings add up to.',
  violations: sql`
    with sides as (
      select book, debit_account as id, kind, amount as debit, 0::bigint as credit from postings
      union all
      select book, credit_account, kind, 0, amount from postings
    ), totals as (
      select book, id,
        coalesce(sum(debit) filter (where kind in ('posted', 'post')), 0) as debits_posted,
        coalesce(sum(credit) filter (where kind in ('posted', 'post')), 0) as credits_posted,
        coalesce(sum(case kind when 'pending' then debit when 'posted' then 0 else -debit end), 0)
          as debits_pending,
        coalesce(sum(case kind when 'pending' then credit when 'posted' then 0 else -credit end), 0)
          as credits_pending
      from sides group by book, id
    )
    select coalesce(a.id, t.id) as id,
      format('book %s: debits %s + %s pending, credits %s + %s pending; postings: %s + %s, %s + %s',
        coalesce(a.book, t.book), a.debits_posted, a.debits_pending, a.credits_posted,
        a.credits_pending, t.debits_posted, t.debits_pending, t.credits_posted, t.credits_pending)
        as detail
    from ledger_accounts a full join totals t on t.book = a.book and t.id = a.id
    where a.id is null
      or (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending)
        is distinct from (coalesce(t.debits_posted, 0), coalesce(t.credits_posted, 0),
          coalesce(t.debits_pending, 0), coalesce(t.credits_pending, 0))`,
};

const floorsHold: Law = {
  name: 'ledger.floors-hold',
  means: 'No account has less available than its floor.',
  violations: sql`
    select id, format('book %s: %s available, floor %s', book, available, floor) as detail
    from (
      select book, id, floor,
        case normal when 'credit' then credits_posted - debits_posted - debits_pending
          else debits_posted - credits_posted - credits_pending end as available
      from ledger_accounts where floor is not null
    ) a
    where available < floor`,
};

const reservationsEndWhole: Law = {
  name: 'ledger.reservations-end-whole',
  means: 'What ends a reservation names one, with the same accounts and amount.',
  violations: sql`
    select e.id, format('%s of %s, which is %s', e.kind, e.ends, coalesce(r.kind, 'not there'))
      as detail
    from postings e left join postings r on r.book = e.book and r.id = e.ends
    where e.ends is not null and (r.kind is distinct from 'pending'
      or (e.debit_account, e.credit_account, e.amount, e.currency, e.subject_id)
        is distinct from (r.debit_account, r.credit_account, r.amount, r.currency, r.subject_id))`,
};

const appendOnly: Law = {
  name: 'ledger.append-only',
  means:
    'Nobody, the owner included, has the right to update, delete or truncate postings or seals, or a column of them.',
  violations: sql`
    select c.relname::text as id,
      format('%s may %s', coalesce(r.rolname, 'everybody'), lower(acl.privilege_type)) as detail
    from pg_class c
    cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) acl
    left join pg_roles r on r.oid = acl.grantee
    where c.oid in ('postings'::regclass, 'ledger_seals'::regclass)
      and acl.privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')
    union all
    select format('%s.%s', a.attrelid::regclass, a.attname),
      format('%s may update', coalesce(r.rolname, 'everybody'))
    from pg_attribute a
    cross join lateral aclexplode(a.attacl) acl
    left join pg_roles r on r.oid = acl.grantee
    where a.attrelid in ('postings'::regclass, 'ledger_seals'::regclass)
      and acl.privilege_type = 'UPDATE'`,
};

const accountsHaveOwners: Law = {
  name: 'ledger.accounts-have-owners',
  means:
    'An account named after a wallet account, merchant, platform or receiver belongs to one, with its custody.',
  violations: sql`
    select a.id, format('book %s: custody %s, owner %s', a.book, coalesce(a.custody, 'none'),
      coalesce(w.id || ' ' || w.custody, m.id, p.id, r.id, 'not there')) as detail
    from (
      select book, id, custody, split_part(id, ':', 1) as kind, split_part(id, ':', 2) as owner
      from ledger_accounts
    ) a
    left join wallet_accounts w on w.id = a.owner
    left join merchants m on m.id = a.owner
    left join platforms p on p.id = a.owner
    left join receivers r on r.id = a.owner
    where (a.kind in ('wallet', 'wallet_fees', 'suspense') and w.id is null)
      or (a.kind = 'wallet' and a.custody is distinct from w.custody)
      or (a.kind = 'merchant' and m.id is null)
      or (a.kind = 'platform' and p.id is null) or (a.kind = 'receiver' and r.id is null)`,
};

/** Of the balances alone: no posting is read. */
export const ACCOUNT_LAWS: readonly Law[] = [sumsToZero, floorsHold];

export const LEDGER_LAWS: readonly Law[] = [
  sumsToZero,
  balancesEqualPostings,
  floorsHold,
  reservationsEndWhole,
  appendOnly,
  accountsHaveOwners,
];
