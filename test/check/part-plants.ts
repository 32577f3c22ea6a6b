import { one, type Plant } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

/** Against combined orders. */
export function ofParts({ combined }: RichBooks): readonly Plant[] {
  const { id, parts } = combined;
  const part = parts[0]?.id ?? '';
  return [
    {
      law: 'parts.make-up-their-payment',
      plant: `update payments set part_count = 7 where id = '${id}'`,
      finds: one(id),
    },
    {
      law: 'parts.refund-totals',
      plant: `update payment_parts set refund_reserved = 1 where id = '${part}'`,
      finds: one(part),
    },
    {
      law: 'parts.presented-whole',
      plant: `update attempt_parts set amount = amount + 1 where part_id = '${part}'`,
      finds: `select id from attempts where payment_id = '${id}'`,
    },
  ];
}
