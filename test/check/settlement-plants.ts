import { one, type Plant } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

/** Against sellers' money. */
export function ofSettlement({ payout }: RichBooks): readonly Plant[] {
  const { id, merchant_id } = payout;
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
      law: 'settlements.lines-are-postings',
      plant: `update settlement_lines set posting_id = '${nowhere}' where ${gross}`,
      finds: one(nowhere),
    },
    {
      law: 'funds.are-settled',
      plant: `update seller_funds set paid_out = paid_out - 1 where merchant_id = '${merchant_id}'`,
      finds: `select id from seller_funds where merchant_id = '${merchant_id}'`,
    },
    {
      law: 'payouts.booked-as-they-are',
      plant: `update payouts set state = 'pending' where id = '${id}'`,
      finds: one(id),
    },
  ];
}
