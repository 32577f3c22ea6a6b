import type { UnionPay } from './books.ts';
import { replaceSigner } from './keys.ts';

/** A new signing certificate of the same authority; the certId of it. */
export function rotate(union: UnionPay, options: { expired?: boolean } = {}): Promise<string> {
  const { keys_dir, clock, random } = union.options;
  return replaceSigner(union.keys, {
    keys_dir,
    now: clock.real(),
    serial: `10${random.bytes(4).toString('hex')}`,
    ...options,
  });
}
