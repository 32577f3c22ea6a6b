import type { MoveResult } from './ledger.ts';

/** The primary key that lets only one copy of a request commit. */
export const KEY_INDEX = 'idempotency_keys_pkey';

/** The idempotency key of this intent was committed by another copy of the request: replay it. */
export class KeyTaken extends Error {
  override readonly name = 'KeyTaken';
}

/** @throws KeyTaken when the move failed because its idempotency key was there already */
export function throwIfKeyTaken(result: MoveResult): void {
  if (result.kind === 'taken' && result.constraint === KEY_INDEX) throw new KeyTaken();
}
