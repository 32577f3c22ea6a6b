import type { Queryable } from '../db/pool.ts';
import { isId } from '../ids.ts';
import type { Merchant } from './merchant.ts';
import { selectMerchant } from './queries.ts';

/** The merchant with this id; undefined for anything that is not one. */
export async function findMerchant(db: Queryable, id: string): Promise<Merchant | undefined> {
  return isId('mer', id) ? selectMerchant(db, id) : undefined;
}
