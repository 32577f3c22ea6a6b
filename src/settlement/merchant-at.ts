import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { type Caller, maySee } from '../http/caller.ts';
import { selectHome } from './queries.ts';
import type { MerchantAt } from './settle.ts';

/**
 * The merchant and where its money is booked, if this caller may see it.
 * @param param what named it; a path when absent
 */
export async function merchantAt(
  app: App,
  caller: Caller,
  merchant_id: string,
  param?: string,
): Promise<MerchantAt> {
  const home = await selectHome(app.db, merchant_id);
  if (home && maySee(caller, { platform_id: home.platform_id, merchant_id })) {
    return { ...home, merchant_id };
  }
  throw new Refusal('not_found', param === undefined ? {} : { param });
}
