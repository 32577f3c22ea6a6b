import type { Refused, Traced, Unknown, WalletAccount } from '../wallet.ts';

/** A seller applies to a wallet through the platform; details stay as the wallet names them. */
export interface SellerApplication {
  readonly application_reference: string;
  readonly kind: 'micro' | 'individual' | 'enterprise';
  readonly name: string;
  readonly short_name: string;
  /** Licence number; absent for a micro seller. */
  readonly license_number?: string;
  readonly legal_person: {
    readonly name: string;
    readonly id_number: string;
    /** `YYYY-MM-DD`, or the wallet's own word for ever. */
    readonly id_valid_until: string;
    readonly id_valid_from?: string;
  };
  readonly contact: {
    readonly name: string;
    readonly mobile: string;
    readonly email?: string;
    /** Needed where the contact is not the legal person. */
    readonly id_number?: string;
  };
  readonly bank_account: {
    readonly kind: 'corporate' | 'personal';
    readonly bank: string;
    readonly holder: string;
    readonly number: string;
    readonly city_code?: string;
    /** Full name with branch, where the wallet does not list the bank. */
    readonly branch?: string;
  };
  readonly store: { readonly name: string; readonly url?: string };
  /** Industry, in the wallet's own code. */
  readonly category: string;
  /** Numbers of pictures uploaded to the wallet before, by the wallet's own field name. */
  readonly pictures: Readonly<Record<string, string>>;
}

export interface OnboardingFact {
  readonly application_reference: string;
  readonly wallet_application_id?: string;
  readonly state:
    | 'reviewing'
    | 'needs_verification'
    | 'needs_signature'
    | 'rejected'
    | 'finished'
    | 'frozen';
  /** The seller's number at the wallet, from when it is known. */
  readonly sub_merchant?: string;
  /** Where the seller verifies or signs. */
  readonly action_url?: string;
  /** Why it was rejected: the wallet's field and sentence. */
  readonly reasons?: readonly { readonly field: string; readonly message: string }[];
  /** `needs_verification` by a small transfer from the seller's account. */
  readonly proof_transfer?: {
    readonly amount: bigint;
    readonly to_account: string;
    readonly to_name: string;
    readonly to_bank: string;
    readonly remark: string;
    readonly deadline: string;
  };
}

/** A picture that an application names by the number the wallet gave it. */
export interface SellerPicture {
  readonly name: string;
  readonly content_type: string;
  readonly bytes: Buffer;
}

export type PictureOutcome =
  | ({ readonly kind: 'uploaded'; readonly picture: string } & Traced)
  | Refused
  | Unknown;

export type OnboardingOutcome =
  | ({ readonly kind: 'fact'; readonly fact: OnboardingFact } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export type RevocationOutcome =
  | ({ readonly kind: 'revoked' } & Traced)
  | ({ readonly kind: 'not_found' } & Traced)
  | Refused
  | Unknown;

export interface Onboarding {
  submit(account: WalletAccount, application: SellerApplication): Promise<OnboardingOutcome>;
  query(account: WalletAccount, application_reference: string): Promise<OnboardingOutcome>;
  /**
   * Takes an unfinished application back; absent where the wallet has no such call.
   */
  revoke?(account: WalletAccount, application_reference: string): Promise<RevocationOutcome>;
  /** Absent where a wallet takes pictures in another way. */
  upload?(account: WalletAccount, picture: SellerPicture): Promise<PictureOutcome>;
}
