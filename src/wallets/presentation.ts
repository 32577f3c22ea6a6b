/**
 * How the payer meets the wallet: `qr` is shown by the shop and scanned; `page` a desktop cashier;
 * `h5` a phone browser handing over to the app; `in_app` inside the wallet's own browser; `app`
 * and `mini_program` hand parameters to the wallet's SDK there.
 */
export const PRESENTATIONS = ['qr', 'page', 'h5', 'in_app', 'app', 'mini_program'] as const;
export type PresentationKind = (typeof PRESENTATIONS)[number];

/** What the checkout needs to hand the payment to the payer. */
export type PresentationData =
  | { readonly kind: 'qr'; readonly qr: string }
  | { readonly kind: 'page' | 'h5'; readonly url: string }
  /** A page that the browser must be sent to by POST, with these fields and no others. */
  | {
      readonly kind: 'form';
      readonly url: string;
      readonly fields: Readonly<Record<string, string>>;
    }
  /** Parameters for the wallet's in-page call, ready to use, and the script that makes the call. */
  | { readonly kind: 'in_app'; readonly params: Readonly<Record<string, string>> }
  /** Parameters for the wallet's SDK inside a merchant's app, or inside a mini program. */
  | {
      readonly kind: 'app' | 'mini_program';
      readonly params: Readonly<Record<string, string>>;
    };
