import { one, type Plant } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

/** Against sellers' money. */
export function ofSettlement({ payout, combined }: RichBooks): readonly Plant[] {
  const { id, merchant_id } = payout;
  const unsettled = combined.parts[0]?.merchant_id ?? '';
  const nowhere = `pst_${'0'.repeat(28)}`;
  const days = `settlements where merchant_id = '${merchant_id}'`;
  const gross = `settlement_id in (select id from ${days}) and kind = 'gross'`;
  return [
    {
      law: 'settlements.add-up',
      plant: `update settlements set gross = gross + 1, refunds = refunds + 1
        where merchant_id = '${merchant_id}'`,
      finds: `select id from ${days}`,
    },
    {
      law: 'settlements.add-up',
      plant: `update settlements set wallet_fees = wallet_fees + 3, platform_fees = platform_fees - 1,
        shares = shares - 2 where merchant_id = '${merchant_id}'`,
      finds: `select id from ${days}`,
    },
    {
      law: 'settlements.lines-are-postings',
      plant: `update settlement_lines set posting_id = '${nowhere}' where ${gross}`,
      finds: one(nowhere),
      also: ['settlements.cursors-follow'],
    },
    {
      law: 'funds.are-settled',
      plant: `update seller_funds set paid_out = paid_out - 1 where merchant_id = '${merchant_id}'`,
      finds: `select id from seller_funds where merchant_id = '${merchant_id}'`,
    },
    {
      law: 'settlements.cursors-follow',
      plant: `update settlement_cursors set settled_to = settled_to - 3
        where merchant_id = '${merchant_id}'`,
      finds: one(merchant_id),
    },
    {
      law: 'settlements.cursors-follow',
      plant: `insert into settlement_cursors (book, merchant_id, open_from)
        values (0, '${unsettled}', 1000000)`,
      finds: `select '${unsettled}' as id from postings
        where 'merchant:${unsettled}' in (debit_account, credit_account)`,
    },
    {
      law: 'payouts.booked-as-they-are',
      plant: `update payouts set state = 'pending' where id = '${id}'`,
      finds: one(id),
    },
  ];
}
