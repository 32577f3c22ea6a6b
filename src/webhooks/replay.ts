import type { Queryable } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { requeue } from '../jobs/dead-letters.ts';
import { findEndpoint } from './endpoint-queries.ts';
import { type Delivery, findDelivery, reopenDelivery } from './queries.ts';

/**
 * Sends a delivery once more, now, with the whole schedule of retries before it: also one that was
 * delivered, for a receiver that lost it. Part of the caller's transaction; `app.jobs.wake()` after
 * its commit. @throws Refusal('state_conflict') while its endpoint is disabled or deleted.
 */
export async function replayDelivery(tx: Queryable, delivery: Delivery): Promise<Delivery> {
  const { book, id } = delivery;
  const endpoint = await findEndpoint(tx, delivery.endpoint_id);
  if (endpoint?.state !== 'enabled') {
    const what = endpoint ? 'disabled: enable it first' : 'deleted';
    throw new Refusal('state_conflict', { message: `the endpoint of this delivery is ${what}` });
  }
  const tries = await reopenDelivery(tx, { book, id });
  const payload = { tries_before: tries ?? 0 };
  await requeue(tx, { book, kind: 'webhook.deliver', key: id, payload });
  const reopened = await findDelivery(tx, { book, id });
  if (!reopened) throw new Refusal('not_found');
  return reopened;
}
