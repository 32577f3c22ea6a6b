import type { ClientKind, CloseReason, WalletChoice } from '../../src/payments/payment.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import type { Language } from '../design/language.ts';

/** What went wrong with the last thing the shopper did; each has a sentence on what to do. */
export const NOTICES = [
  'refused',
  'unavailable',
  'not_eligible',
  'changed',
  'stale_form',
  'login_failed',
  'try_later',
] as const;
export type NoticeKind = (typeof NOTICES)[number];

export interface Notice {
  readonly kind: NoticeKind;
  readonly wallet: WalletName | null;
}

/** How the chosen wallet is reached. */
export type Handover =
  | { readonly kind: 'qr'; readonly code: string }
  | { readonly kind: 'open'; readonly url: string }
  /** The browser goes there by POST. */
  | {
      readonly kind: 'form';
      readonly url: string;
      readonly fields: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'in_app';
      readonly params: Readonly<Record<string, string>>;
      /** The sandbox's stand-in for the wallet's own bridge; absent in real wallets. */
      readonly bridge_url: string | undefined;
    };

export type Stage =
  | { readonly kind: 'choose'; readonly choices: readonly WalletChoice[] }
  | {
      readonly kind: 'pay';
      readonly wallet: WalletName;
      readonly attempt: string;
      readonly handover: Handover;
      readonly others: readonly WalletChoice[];
    }
  /** The wallet was asked and has not answered yet. */
  | {
      readonly kind: 'asking';
      readonly wallet: WalletName;
      readonly others: readonly WalletChoice[];
    }
  | { readonly kind: 'closing' }
  | { readonly kind: 'paid'; readonly wallet: WalletName }
  | { readonly kind: 'closed'; readonly reason: CloseReason };

export interface CheckoutView {
  readonly language: Language;
  /** `/c/<token>`; every form and link of the page is below it. */
  readonly path: string;
  readonly client: ClientKind;
  readonly payee: string;
  /** Fen. */
  readonly amount: bigint;
  readonly description: string;
  readonly expires_at: Date;
  /** Business time left, milliseconds. */
  readonly left_ms: number;
  /** The wallet keeps the money until the goods have arrived. */
  readonly in_escrow: boolean;
  readonly return_url: string | null;
  readonly csrf: string;
  /** Changes whenever the page would look different; the script compares it with `/state`. */
  readonly stamp: string;
  readonly notice: Notice | null;
  readonly stage: Stage;
  /** The sandbox phone, when there is one. */
  readonly phone_url: string | undefined;
}
