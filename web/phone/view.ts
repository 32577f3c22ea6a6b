import type { Fault, FaultSetting } from '../../src/sandbox/faults.ts';
import type { Of } from '../../src/sandbox/phone/device.ts';
import type {
  CodeOnScreen,
  GivenConsent,
  PasswordPrompt,
  Person,
  ReceivableTransfer,
  SandboxWallet,
  WalletTransaction,
} from '../../src/sandbox/sandbox.ts';
import type { Language } from '../design/language.ts';
import type { PhoneError, Strength } from './words.ts';

export type Screen =
  | { readonly kind: 'home'; readonly code: string }
  | {
      readonly kind: 'pay';
      /** A scan to confirm, or a prompt of a charge by payer code. */
      readonly asks: 'scan' | 'prompt';
      readonly id: string;
      readonly payee: string;
      readonly amount: bigint;
      readonly description: string;
    }
  | { readonly kind: 'done'; readonly state: 'paid' | 'cancelled'; readonly amount: bigint }
  /** What a shop's scanner reads; null when this wallet has none. */
  | { readonly kind: 'payer_code'; readonly code: string | null }
  | { readonly kind: 'receive'; readonly transfer: Of<ReceivableTransfer> };

export interface PhoneView {
  readonly language: Language;
  readonly people: readonly Person[];
  readonly wallets: readonly { readonly wallet: SandboxWallet; readonly balance: bigint }[];
  readonly person: Person;
  readonly wallet: SandboxWallet;
  readonly screen: Screen;
  readonly error: PhoneError | null;
  /** What waits for this person, and what shops show around them. */
  readonly prompts: readonly Of<PasswordPrompt>[];
  readonly transfers: readonly Of<ReceivableTransfer>[];
  /** Standing consents that the person has given. */
  readonly consents: readonly Of<GivenConsent>[];
  readonly codes: readonly Of<CodeOnScreen>[];
  readonly history: readonly WalletTransaction[];
  readonly clock: { readonly now: Date; readonly offset_ms: number };
  readonly dial: DialView;
  /** The developers' pages of the wallet in hand. */
  readonly desk_url: string;
}

export interface DialView {
  readonly faults: ReadonlyMap<Fault, Strength | 'custom'>;
  /** Settings for one operation or amount only. */
  readonly narrow: readonly FaultSetting[];
  readonly sentinels: boolean;
  /** Operations a setting may name, as this wallet's sandbox calls them. */
  readonly operations: readonly string[];
}

export type PhonePath = '/' | '/pay' | '/code' | '/prompt' | '/receive';

/** The address of the phone with this person and wallet in hand. */
export function phoneHref(
  path: PhonePath,
  state: { person: string; wallet: string; [key: string]: string },
): string {
  return `${path}?${new URLSearchParams(state).toString()}`;
}

/** Person and wallet of a view, for links. */
export function inHand({ person, wallet }: PhoneView): { person: string; wallet: SandboxWallet } {
  return { person: person.id, wallet };
}
