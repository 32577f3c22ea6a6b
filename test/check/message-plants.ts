import { newId } from '../../src/ids.ts';
import { one, type Plant } from './plant.ts';
import type { RichBooks } from './rich-books.ts';

export function ofTalk({ paid, refund, live_attempt }: RichBooks): Plant[] {
  const job = newId('job');
  const elsewhere = newId('job', 1);
  return [
    {
      law: 'notifications.processed-or-queued',
      plant: 'update notifications set processed_at = null, outcome = null',
      finds: 'select id from notifications',
    },
    {
      law: 'notifications.of-a-payment',
      plant: `update notifications set payment_id = 'pay_gone' where payment_id = '${paid.id}'`,
      finds: `select id from notifications where payment_id = 'pay_gone'`,
    },
    {
      law: 'breaks.of-a-payment',
      plant: `update breaks set payment_id = 'pay_gone'`,
      finds: 'select id from breaks',
    },
    {
      law: 'breaks.unknown-money',
      plant: `update breaks set detail = jsonb_set(detail, '{amount}', '"1"')`,
      finds: 'select wallet_account_id as id from breaks',
    },
    {
      law: 'events.numbered-once',
      plant: `insert into events
          (book, id, type, platform_id, object_id, payment_id, sequence, public, data)
        select book, '${newId('evt')}', 'refund.needs_action', platform_id, object_id, payment_id,
          sequence, true, data
        from events where object_id = '${refund.id}' and type = 'refund.succeeded'`,
      finds: one(refund.id),
    },
    {
      law: 'events.of-a-payment-are-gapless',
      plant: `update payments set sequence = sequence + 1 where id = '${paid.id}'`,
      finds: one(paid.id),
    },
    {
      law: 'events.tell-the-end',
      plant: `update events set type = 'payment.money_returned'
        where type = 'payment.succeeded' and object_id = '${paid.id}'`,
      finds: one(paid.id),
    },
    {
      law: 'events.positions-are-gapless',
      plant:
        'update events set position = 1000000 where position = (select max(position) from events)',
      finds: 'select id from events where position = 1000000',
    },
    {
      law: 'events.of-a-payment',
      plant: `update events set payment_id = 'pay_gone' where payment_id = '${paid.id}' and not public`,
      finds: `select id from events where payment_id = 'pay_gone'`,
    },
    {
      law: 'deliveries.of-a-public-event',
      plant: `update deliveries set platform_id = 'plt_gone' where state = 'delivered'`,
      finds: `select id from deliveries where platform_id = 'plt_gone'`,
    },
    {
      law: 'deliveries.made-or-queued',
      plant: `delete from jobs where kind = 'webhook.deliver'`,
      finds: `select id from deliveries where state = 'pending'`,
    },
    {
      law: 'keys.have-an-answer',
      plant: `update idempotency_keys set response = null, object_id = null where object_id = '${paid.id}'`,
      finds: 'select key_hash as id from idempotency_keys where response is null',
    },
    {
      law: 'keys.objects-are-there',
      plant: `update idempotency_keys set object_id = 'pay_gone' where object_id = '${paid.id}'`,
      finds: `select key_hash as id from idempotency_keys where object_id = 'pay_gone'`,
    },
    {
      law: 'jobs.have-subjects',
      plant: `insert into jobs (book, id, kind, key) values (0, '${job}', 'refund.send', 'rfd_gone')`,
      finds: one(job),
    },
    {
      law: 'ids.carry-their-book',
      plant: `insert into jobs (book, id, kind, key)
        values (0, '${elsewhere}', 'attempt.close', '${live_attempt.id}')`,
      finds: one(elsewhere),
    },
  ];
}
