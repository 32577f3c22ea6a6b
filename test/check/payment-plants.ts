import { newId } from '../../src/ids.ts';
import { forged, one, type Plant, unchained } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

export function ofPayments({ paid, kept, waiting }: RichBooks): Plant[] {
  const booked = `reason = 'payment' and subject_id = '${paid.id}'`;
  return [
    {
      law: 'payments.booked-once',
      ...forged(`update postings set reason = 'gift' where ${booked}`),
      finds: one(paid.id),
    },
    {
      law: 'payments.booked-once',
      ...forged(`update postings set subject_id = '${waiting.id}' where ${booked}`),
      finds: `${one(paid.id)} union ${one(waiting.id)}`,
    },
    {
      law: 'payments.paid-by-its-attempt',
      plant: `update payments set wallet = 'alipay' where id = '${paid.id}'`,
      finds: one(paid.id),
    },
    {
      law: 'payments.times-fit-the-state',
      plant: `update payments set closed_at = now() where id = '${paid.id}'`,
      finds: one(paid.id),
    },
    {
      law: 'payments.pending-while-tried',
      plant: `update payments set state = 'pending' where id = '${waiting.id}'`,
      finds: one(waiting.id),
    },
    {
      law: 'payments.refund-totals',
      plant: `update payments set refunded = refunded - 1 where id = '${paid.id}'`,
      finds: one(paid.id),
    },
    {
      law: 'payments.merchant-of-the-platform',
      plant: `update payments set merchant_id = 'mer_gone' where id = '${waiting.id}'`,
      finds: one(waiting.id),
    },
    {
      law: 'payments.fees-return-at-most',
      ...forged(`update postings set reason = 'gift'
        where reason = 'wallet_fee_estimate' and subject_id = '${paid.id}'`),
      finds: one(paid.id),
    },
    {
      law: 'payments.postings-have-theirs',
      ...forged(`update postings set subject_id = 'pay_gone'
        where reason = 'wallet_fee_estimate' and subject_id = '${kept.id}'`),
      finds: `select id from postings where subject_id = 'pay_gone'`,
    },
  ];
}

export function ofAttemptsAndRefunds(books: RichBooks): Plant[] {
  const { paid, paid_attempt, refund, live_attempt, late_attempt, merchant_id } = books;
  const wallet = `wallet:${paid_attempt.wallet_account_id}`;
  const reservation = newId('pst');
  return [
    {
      law: 'attempts.of-a-payment',
      plant: `update attempts set wallet_account_id = 'wac_gone' where id = '${live_attempt.id}'`,
      finds: one(live_attempt.id),
    },
    {
      law: 'attempts.asked-until-the-end',
      plant: `update attempts set next_query_at = null where id = '${live_attempt.id}'`,
      finds: one(live_attempt.id),
    },
    {
      law: 'attempts.late-money-goes-back',
      plant: `update attempts set returned = 0 where id = '${late_attempt.id}'`,
      finds: one(late_attempt.id),
    },
    {
      law: 'attempts.calls-have-theirs',
      plant: `update wallet_calls set attempt_id = 'att_gone' where attempt_id = '${live_attempt.id}'`,
      finds: `select id from wallet_calls where attempt_id = 'att_gone'`,
    },
    {
      law: 'refunds.of-its-payment',
      plant: `update refunds set attempt_id = '${live_attempt.id}' where id = '${refund.id}'`,
      finds: one(refund.id),
    },
    {
      law: 'refunds.reserved-until-the-end',
      plant: `update refunds set reservation_id = null where id = '${refund.id}'`,
      finds: one(refund.id),
      also: ['refunds.reservations-have-theirs'],
    },
    {
      law: 'refunds.reservations-have-theirs',
      plant: `${unchained(`insert into postings (book, id, move_id, debit_account,
          credit_account, amount, currency, kind, reason, subject_id, business_at)
        values (0, '${reservation}', 'mov', 'merchant:${merchant_id}', '${wallet}', 1, 'CNY',
          'pending', 'refund', '${paid.id}', now())`)};
        update ledger_accounts set debits_pending = debits_pending + 1
        where id = 'merchant:${merchant_id}';
        update ledger_accounts set credits_pending = credits_pending + 1 where id = '${wallet}'`,
      finds: one(reservation),
    },
    {
      law: 'refunds.never-forgotten',
      plant: `update refunds set next_query_at = now() where id = '${refund.id}'`,
      finds: one(refund.id),
    },
  ];
}

export function ofHolds({ hold, split_id, live_attempt }: RichBooks): Plant[] {
  return [
    {
      law: 'holds.have-what-they-say',
      plant: `update holds set released = 1 where id = '${hold.id}'`,
      finds: one(hold.id),
    },
    {
      law: 'holds.accounts-have-theirs',
      plant: `insert into ledger_accounts (book, id, currency, normal, entries)
        values (0, 'hold:pay_gone', 'CNY', 'credit', 1)`,
      finds: one('hold:pay_gone'),
      also: ['chain.entries-counted'],
    },
    {
      law: 'holds.of-a-paid-attempt',
      plant: `update holds set attempt_id = '${live_attempt.id}' where id = '${hold.id}'`,
      finds: one(hold.id),
    },
    {
      law: 'holds.told-gapless',
      plant: `update holds set sequence = sequence + 1 where id = '${hold.id}'`,
      finds: one(hold.id),
    },
    {
      law: 'holds.reserved-by-requests',
      plant: `update split_orders set state = 'pending' where id = '${split_id}'`,
      finds: one(hold.id),
      also: ['splits.reserved-until-the-end'],
    },
    {
      law: 'splits.add-up',
      plant: `update split_orders set payment_id = 'pay_gone' where id = '${split_id}'`,
      finds: one(split_id),
    },
    {
      law: 'splits.reserved-until-the-end',
      plant: `update split_orders
        set parts = jsonb_set(parts, '{0,reservation_id}', '"pst_gone"') where id = '${split_id}'`,
      finds: one(split_id),
    },
    {
      law: 'splits.reach-their-receivers',
      plant: `update split_orders
        set parts = jsonb_set(parts, '{0,receiver}', '"rcv_gone"') where id = '${split_id}'`,
      finds: one(hold.payment_id),
    },
  ];
}
