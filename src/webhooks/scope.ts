import { Refusal } from '../errors.ts';
import { type Caller, maySee, platformOf } from '../http/caller.ts';

/** Whose endpoints, events and deliveries a call is about: an operator names the platform. */
export function platformInScope(caller: Caller, named: string | undefined): string {
  if (caller.role === 'operator') {
    if (named !== undefined) return named;
    throw new Refusal('invalid_parameter', {
      param: 'platform',
      message: 'platform: an operator says which platform this call is about',
    });
  }
  const own = platformOf(caller).id;
  // Naming another platform is answered like one that does not exist.
  if (named !== undefined && named !== own) throw new Refusal('not_found');
  return own;
}

/** What the caller may not see does not exist for it. @throws Refusal('not_found') */
export function visible<T extends { readonly platform_id: string }>(
  caller: Caller,
  found: T | undefined,
): T {
  if (!found || !maySee(caller, { platform_id: found.platform_id })) throw new Refusal('not_found');
  return found;
}
