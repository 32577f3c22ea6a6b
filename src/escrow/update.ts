import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { EventType } from '../events.ts';
import { throwIfKeyTaken } from '../ledger/key-taken.ts';
import type { IntentKey } from '../ledger/ledger.ts';
import { NOTHING } from '../payments/changes.ts';
import { changeHold, type HoldChange, holdEvent } from './changes.ts';
import { requireHold } from './find.ts';
import type { Hold } from './hold.ts';

/** A change of a hold that moves no money. */
export interface HoldUpdate {
  readonly values: HoldChange;
  readonly event: EventType;
}

const MAX_ROUNDS = 20;

/**
 * The hold as it is afterwards. `decide` answers undefined when there is nothing to change; the key
 * of the call is kept all the same, so that the call said again later changes nothing either.
 */
export async function updateHold(
  app: App,
  { book, id }: Pick<Hold, 'book' | 'id'>,
  decide: (hold: Hold) => HoldUpdate | undefined,
  key?: Omit<IntentKey, 'object_id'>,
): Promise<Hold> {
  const keys = key ? [{ ...key, object_id: id }] : [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const hold = await requireHold(app, book, id);
    const update = decide(hold);
    if (!update && !key) return hold;
    const values = { ...update?.values, sequence: hold.sequence + 1 };
    const after = update ? { ...hold, ...values, version: hold.version + 1 } : hold;
    const result = await app.ledger.submit({
      book,
      ...NOTHING,
      rows: update ? [changeHold(hold, values)] : [],
      events: update ? [holdEvent(app, update.event, after)] : [],
      keys,
    });
    throwIfKeyTaken(result);
    if (result.kind === 'committed') return after;
  }
  throw new Refusal('concurrent_change', { message: 'the hold keeps changing; try again' });
}
