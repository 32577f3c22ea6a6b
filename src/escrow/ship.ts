import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { automaticRelease, type Hold, isClosed } from './hold.ts';
import { updateHold } from './update.ts';

/** The goods are on their way: from now on the days of the escrow count. Said again it is kept. */
export async function shipHold(
  app: App,
  hold: Hold,
  { days, shipment }: { readonly days: number; readonly shipment: Hold['shipment'] },
): Promise<Hold> {
  return updateHold(app, hold, (now) => {
    if (now.shipped_at !== null) return undefined;
    if (isClosed(now) || now.capture !== 'escrow') {
      throw new Refusal('state_conflict', { message: 'nothing of this payment is in escrow' });
    }
    const shipped_at = app.clock.now();
    const release_at = automaticRelease(shipped_at, days, now);
    return { values: { shipped_at, shipment, release_at }, event: 'hold.shipped' };
  });
}
