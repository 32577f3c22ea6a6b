import type { Plant } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

/** Against closed days and the fees that they corrected. */
export function ofBills({ bill_id }: RichBooks): readonly Plant[] {
  return [
    {
      law: 'bills.closed-days-tie',
      plant: `update bills set report = jsonb_set(report, '{net,difference}', '1')
        where state = 'closed'`,
      finds: `select id from bills where state = 'closed'`,
    },
    {
      law: 'bills.closed-days-tie',
      plant: `update bills set report = null where id = '${bill_id}'`,
      finds: `select '${bill_id}' as id`,
    },
    {
      law: 'breaks.of-a-bill',
      plant: `update breaks set bill_id = 'bil_gone'`,
      finds: 'select id from breaks',
    },
    {
      law: 'fees.batches-add-up',
      plant: 'update fee_batches set lines = lines + 1',
      finds: 'select id from fee_batches',
    },
    {
      law: 'fees.batches-are-posted',
      plant: `update fee_batches set bill_id = 'bil_gone'
        where id = (select min(id) from fee_batches where bill_id = '${bill_id}')`,
      finds: `select unnest(array['${bill_id}', 'bil_gone']) as id`,
    },
    {
      law: 'fees.corrections-have-theirs',
      plant: `update fee_corrections set subject_id = 'att_gone'`,
      finds: 'select subject_id as id from fee_corrections',
    },
  ];
}
