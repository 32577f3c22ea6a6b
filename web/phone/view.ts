import type { Fault } from '../../src/sandbox/faults.ts';
import type { Person, WalletTransaction } from '../../src/sandbox/sandbox.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import type { Language } from '../design/language.ts';
import type { PhoneError, Strength } from './words.ts';

export type Screen =
  | { readonly kind: 'home'; readonly code: string }
  | {
      readonly kind: 'pay';
      readonly scan: string;
      readonly payee: string;
      readonly amount: bigint;
      readonly description: string;
    }
  | { readonly kind: 'done'; readonly state: 'paid' | 'cancelled'; readonly amount: bigint };

export interface PhoneView {
  readonly language: Language;
  readonly people: readonly Person[];
  readonly wallets: readonly { readonly wallet: WalletName; readonly balance: bigint }[];
  readonly person: Person;
  readonly wallet: WalletName;
  readonly screen: Screen;
  readonly error: PhoneError | null;
  readonly history: readonly WalletTransaction[];
  readonly clock: { readonly now: Date; readonly offset_ms: number };
  readonly faults: readonly { readonly fault: Fault; readonly strength: Strength | 'custom' }[];
}

/** The address of the phone with this person and wallet in hand. */
export function phoneHref(
  path: '/' | '/pay',
  state: { person: string; wallet: string; [key: string]: string },
): string {
  return `${path}?${new URLSearchParams(state).toString()}`;
}
