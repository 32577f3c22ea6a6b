import { LET_IN } from '../support/before-the-chain.ts';
import { forged, one, type Plant, unchained } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

export function ofLedger({ merchant_id, refund, kept }: RichBooks): Plant[] {
  const merchant = `merchant:${merchant_id}`;
  const end = `select id from postings where ends = '${refund.reservation_id}'`;
  return [
    {
      law: 'ledger.sums-to-zero',
      plant: `update ledger_accounts set credits_posted = credits_posted + 1 where id = '${merchant}'`,
      finds: one('book 0 CNY'),
      also: ['ledger.balances-equal-postings'],
    },
    {
      law: 'ledger.balances-equal-postings',
      plant: `update ledger_accounts set credits_posted = credits_posted + 1,
        debits_posted = debits_posted + 1 where id = '${merchant}'`,
      finds: one(merchant),
    },
    {
      law: 'ledger.balances-equal-postings',
      plant: `delete from ledger_accounts where id like 'wallet_fees:%'`,
      finds: `select distinct credit_account as id from postings where credit_account like 'wallet_fees:%'`,
      also: ['ledger.sums-to-zero'],
    },
    {
      law: 'ledger.floors-hold',
      plant: `update ledger_accounts set floor = 1000000000000 where id = '${merchant}'`,
      finds: one(merchant),
    },
    {
      law: 'ledger.reservations-end-whole',
      ...forged(`update postings set subject_id = '${kept.id}' where id = (${end})`),
      finds: end,
    },
    {
      law: 'ledger.append-only',
      plant: 'grant delete on postings to public',
      finds: one('postings'),
    },
    {
      law: 'ledger.append-only',
      plant: 'grant update (amount) on postings to public',
      finds: one('postings.amount'),
    },
    {
      law: 'ledger.accounts-have-owners',
      plant: `insert into ledger_accounts (book, id, currency, normal)
        select 0, id, 'CNY', 'credit'
        from unnest(array['merchant:mer_gone', 'platform:plt_gone', 'receiver:rcv_gone']) id`,
      finds: `select id from ledger_accounts where id like '%_gone'`,
    },
    {
      law: 'ledger.accounts-have-owners',
      plant: `update ledger_accounts set custody = 'wallet_held' where id like 'wallet:%'`,
      finds: `select id from ledger_accounts where id like 'wallet:%'`,
    },
  ];
}

export function ofAnswers({ refund }: RichBooks): Plant[] {
  const ended = `(select move_id from postings where ends = '${refund.reservation_id}')`;
  const posting = `jsonb_build_object('id', '${refund.reservation_id}')`;
  const letter = (postings: string, result: string) => `
    insert into ledger_mail (book, id, move, result) values (0, 'let_1',
      jsonb_build_object('postings', ${postings}), ${result})`;
  return [
    {
      law: 'moves.answered-as-written',
      plant: `insert into ledger_moves (book, id, digest, result)
        values (0, 'mov_1', '', '{"kind": "committed", "move_id": "mov_2"}')`,
      finds: one('mov_1'),
    },
    {
      law: 'moves.answered-as-written',
      plant: `insert into ledger_moves (book, id, digest, result)
        values (0, ${ended}, '', '{"kind": "refused", "reason": "floor"}')`,
      finds: `select ${ended} as id`,
    },
    {
      law: 'mail.answered-as-written',
      plant: letter(
        `jsonb_build_array(${posting}, ${posting})`,
        `'{"kind": "committed", "move_id": "mov_gone"}'`,
      ),
      finds: one('let_1'),
    },
    {
      law: 'mail.answered-as-written',
      plant: letter(`jsonb_build_array(${posting})`, 'null'),
      finds: one('let_1'),
    },
  ];
}

export function ofChain({ merchant_id, kept }: RichBooks): Plant[] {
  const merchant = `merchant:${merchant_id}`;
  const fee = `reason = 'gift' and subject_id = '${kept.id}'`;
  return [
    {
      law: 'chain.positions-are-gapless',
      plant: 'update ledger_heads set position = position + 1',
      finds: one('head of book 0'),
      also: ['chain.links-follow'],
    },
    {
      law: 'chain.positions-are-gapless',
      plant: LET_IN,
      finds: one('postings_position_check'),
    },
    {
      law: 'chain.positions-are-gapless',
      plant: `${unchained(`insert into ledger_accounts (book, id, currency, normal, debits_posted,
          credits_posted)
        values (0, 'x', 'CNY', 'debit', 5, 0), (0, 'y', 'CNY', 'credit', 0, 5);
        insert into postings (book, id, move_id, debit_account, credit_account, amount, currency,
          kind, reason, business_at, created_at)
        values (0, 'pst_0', 'mov_0', 'x', 'y', 5, 'CNY', 'posted', 'gift', '2020-01-01',
          '2020-01-01')`)};
        update ledger_heads set outside = 0`,
      finds: one('book 0 outside its chain'),
    },
    {
      law: 'chain.links-follow',
      plant: `grant delete on ledger_seals to current_user; delete from ledger_seals;
        revoke delete on ledger_seals from current_user`,
      finds: `select format('head of book %s', book) as id from ledger_heads where position > 0`,
    },
    {
      law: 'chain.links-follow',
      plant: forged(`update postings set reason = 'gift'
        where reason = 'wallet_fee_estimate' and subject_id = '${kept.id}'`).plant,
      finds: `select format('link to position %s of book 0', s.last_position) as id
        from ledger_seals s join postings p on p.position between s.first_position and s.last_position
        where p.${fee}`,
    },
    {
      law: 'chain.snapshots-follow',
      plant: `insert into ledger_snapshots (book, account, position, entries, debits_pending,
          debits_posted, credits_pending, credits_posted, sealed_at)
        select book, id, 1000000, entries, debits_pending, debits_posted, credits_pending,
          credits_posted + (id = '${merchant}')::int, now()
        from ledger_accounts`,
      finds: one(merchant),
    },
    {
      law: 'chain.entries-counted',
      plant: `update ledger_accounts set entries = entries + 1 where id = '${merchant}'`,
      finds: one(merchant),
    },
    {
      law: 'chain.expiring-are-open',
      plant: `insert into ledger_reservations (book, id, expires_at) values (0, 'pst_gone', now())`,
      finds: one('pst_gone'),
    },
  ];
}
