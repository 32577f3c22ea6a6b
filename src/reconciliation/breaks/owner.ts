import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import type { EventType, NewEvent } from '../../events.ts';
import { type Book, newId } from '../../ids.ts';
import type { Break } from './break.ts';

/**
 * Whom an event about a break or a bill is for. A break of a payment is told to the payment's
 * platform. What belongs to no payment is told only where every seller behind the wallet account is
 * of one platform: a bill must not tell a platform of another one's takings.
 */
export interface Owner {
  readonly platform_id: string;
  readonly book: Book;
}

const MAX_PLATFORMS = 2;

export async function soleOwner(app: App, account_id: string): Promise<Owner | undefined> {
  const owners = await app.db.query<Owner>(sql`
    select distinct p.id as platform_id, p.book
    from enrolments e join merchants m on m.id = e.merchant_id
    join platforms p on p.id = m.platform_id
    where e.wallet_account_id = ${account_id} limit ${MAX_PLATFORMS}`);
  return owners.length === 1 ? owners[0] : undefined;
}

export async function platformsOf(
  app: App,
  book: Book,
  payments: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (payments.length === 0) return new Map();
  const rows = await app.db.query<{ id: string; platform_id: string }>(sql`
    select id, platform_id from payments where book = ${book} and id = any(${payments}::text[])`);
  return new Map(rows.map((row) => [row.id, row.platform_id]));
}

/** None for a break without a payment, and for what was meant for another merchant than its own. */
export async function paymentOwner(
  app: App,
  { book, kind, payment_id }: Pick<Break, 'book' | 'kind' | 'payment_id'>,
): Promise<Owner | undefined> {
  if (payment_id === null || kind === 'merchant') return undefined;
  const platform_id = (await platformsOf(app, book, [payment_id])).get(payment_id);
  return platform_id === undefined ? undefined : { platform_id, book };
}

/**
 * Whose money it is: the merchant that is named, which must be behind the seller's number if the
 * break has one; unnamed, the only merchant behind that number. Undefined unless it is clear.
 */
export async function merchantBehind(
  app: App,
  { book, wallet_account_id, detail }: Pick<Break, 'book' | 'wallet_account_id' | 'detail'>,
  named: string | undefined,
): Promise<string | undefined> {
  const seller = typeof detail['seller'] === 'string' ? detail['seller'] : null;
  if (seller === null && named === undefined) return undefined;
  const [only, ...others] = await app.db.query<{ id: string; book: Book }>(sql`
    select m.id, p.book from merchants m join platforms p on p.id = m.platform_id
    where (${named ?? null}::text is null or m.id = ${named ?? null})
      and (${seller}::text is null or exists (select from enrolments e
        where e.wallet_account_id = ${wallet_account_id} and e.merchant_id = m.id
          and e.sub_merchant = ${seller}))
    limit 2`);
  return others.length === 0 && only?.book === book ? only.id : undefined;
}

export function publicEvent(
  owner: Owner,
  event: {
    readonly type: EventType;
    readonly object: { readonly id: string };
    readonly payment_id: string | null;
    readonly sequence: number;
  },
): NewEvent {
  return {
    book: owner.book,
    id: newId('evt', owner.book),
    type: event.type,
    platform_id: owner.platform_id,
    object_id: event.object.id,
    payment_id: event.payment_id,
    sequence: event.sequence,
    public: true,
    data: { object: event.object },
  };
}
