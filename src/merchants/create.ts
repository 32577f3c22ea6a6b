import { type Queryable, violatedConstraint } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Merchant } from './merchant.ts';
import { insertMerchant } from './queries.ts';

export interface NewMerchant {
  readonly platform_id: string;
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A seller on a platform. @throws Refusal('not_found') when there is no such platform. */
export async function createMerchant(db: Queryable, input: NewMerchant): Promise<Merchant> {
  try {
    return await insertMerchant(db, {
      id: newId('mer'),
      platform_id: input.platform_id,
      name: input.name,
      metadata: input.metadata ?? {},
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'merchants_platform_id_fkey') throw error;
    throw new Refusal('not_found', {
      param: 'platform',
      message: 'platform: there is none with this id',
    });
  }
}
