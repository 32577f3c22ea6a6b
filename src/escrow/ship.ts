import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { IntentKey } from '../ledger/ledger.ts';
import { automaticRelease, type Hold, isClosed } from './hold.ts';
import { type HoldUpdate, updateHold } from './update.ts';

/** The goods are on their way: from now on the days of the escrow count. Said again it is kept. */
export async function shipHold(
  app: App,
  hold: Hold,
  { days, shipment }: { readonly days: number; readonly shipment: Hold['shipment'] },
  key?: Omit<IntentKey, 'object_id'>,
): Promise<Hold> {
  const shipped = (now: Hold): HoldUpdate | undefined => {
    if (now.shipped_at !== null) return undefined;
    if (isClosed(now) || now.capture !== 'escrow') {
      throw new Refusal('state_conflict', { message: 'nothing of this payment is in escrow' });
    }
    const shipped_at = app.clock.now();
    const counted = automaticRelease(shipped_at, days, now);
    // Somebody has decided already that it may go as soon as it can.
    const release_at = now.release_at <= now.releasable_at ? now.release_at : counted;
    return { values: { shipped_at, shipment, release_at }, event: 'hold.shipped' };
  };
  return updateHold(app, hold, shipped, key);
}
