import { Refusal } from '../errors.ts';
import type { Book } from '../ids.ts';

/** Who may hold an API key. Every route names the roles that may call it; nothing else may. */
export const ROLES = ['operator', 'marketplace', 'merchant', 'wallet'] as const;
export type Role = (typeof ROLES)[number];

/** The holder of the key that signed a request in. */
export interface Caller {
  readonly key_id: string;
  readonly role: Role;
  /** The dated version of the API this key is pinned to. */
  readonly api_version: string;
  /** Where what this caller creates is kept; 0 for operators and wallets. */
  readonly book: Book;
  /** Set for marketplaces, and for merchants: theirs. */
  readonly platform?: CallerPlatform;
  readonly merchant_id?: string;
  readonly wallet?: string;
}

export interface CallerPlatform {
  readonly id: string;
  /** Hosts that return_url and order.url may name. */
  readonly hosts: readonly string[];
}

/** The platform the caller acts for. @throws Refusal('forbidden') for a role without one. */
export function platformOf(caller: Caller): CallerPlatform {
  if (!caller.platform) {
    throw new Refusal('forbidden', { message: 'this call is made with a key of a platform' });
  }
  return caller.platform;
}

/**
 * True when the caller may see what belongs to this platform and, for a merchant's key, to this
 * merchant. What a caller may not see does not exist for it: answer 404, never 403.
 */
export function maySee(
  caller: Caller,
  owner: { readonly platform_id: string; readonly merchant_id?: string },
): boolean {
  switch (caller.role) {
    case 'operator':
      return true;
    case 'marketplace':
      return caller.platform?.id === owner.platform_id;
    case 'merchant':
      return owner.merchant_id !== undefined && caller.merchant_id === owner.merchant_id;
    case 'wallet':
      return false;
    default:
      return caller.role satisfies never;
  }
}

/** Whose idempotency keys are whose: a rotated API key still replays what the old one began. */
export function principalOf(caller: Caller): string {
  switch (caller.role) {
    case 'operator':
      return 'operator';
    case 'marketplace':
      return `platform ${caller.platform?.id ?? ''}`;
    case 'merchant':
      return `merchant ${caller.merchant_id ?? ''}`;
    case 'wallet':
      return `wallet ${caller.wallet ?? ''}`;
    default:
      return caller.role satisfies never;
  }
}
