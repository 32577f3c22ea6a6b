import type { NoticeKind } from '../../web/checkout/view.ts';
import type { App } from '../app.ts';
import { createAttempt } from '../attempts/create.ts';
import { eligibleWallets } from '../attempts/eligible.ts';
import { type ErrorCode, Refusal } from '../errors.ts';
import { requestClose } from '../payments/close.ts';
import type { ClientKind, Payment } from '../payments/payment.ts';
import type { PresentationKind, WalletName } from '../wallets/wallet.ts';

/** What came of a shopper's choice: where the browser goes next, and what it is told there. */
export type Chosen =
  | { readonly kind: 'begun' }
  | { readonly kind: 'login' }
  | { readonly kind: 'told'; readonly notice: NoticeKind };

interface Choice {
  readonly payment: Payment;
  readonly wallet: WalletName;
  readonly client: ClientKind;
  readonly client_ip: string;
}

/** The presentation is never the browser's to name: the one eligibility function decides it. */
export async function chooseWallet(app: App, choice: Choice): Promise<Chosen> {
  const here = await accountHere(app, choice);
  if (!here) return { kind: 'told', notice: 'not_eligible' };
  if (here.presentation === 'in_app') return { kind: 'login' };
  return begin(app, choice, { presentation: here.presentation });
}

/** After the wallet said who the payer is. */
export async function payInApp(app: App, choice: Choice, payer: string): Promise<Chosen> {
  const here = await accountHere(app, choice);
  if (here?.presentation !== 'in_app') return { kind: 'told', notice: 'not_eligible' };
  return begin(app, choice, { presentation: 'in_app', payer });
}

/** How, and through which account, this wallet would take the payment here; undefined: not. */
export async function accountHere(
  app: App,
  { payment, wallet, client }: Pick<Choice, 'payment' | 'wallet' | 'client'>,
): Promise<{ presentation: PresentationKind; wallet_account_id: string } | undefined> {
  const choices = await eligibleWallets(app, payment, client);
  const found = choices.find((choice) => choice.wallet === wallet && choice.eligible);
  if (!found?.presentation || found.wallet_account_id === null) return undefined;
  return { presentation: found.presentation, wallet_account_id: found.wallet_account_id };
}

async function begin(
  app: App,
  { payment, wallet, client_ip }: Choice,
  how: { presentation: PresentationKind; payer?: string },
): Promise<Chosen> {
  try {
    const attempt = await createAttempt(app, { payment, wallet, client_ip, ...how });
    return attempt.state === 'refused' ? { kind: 'told', notice: 'refused' } : { kind: 'begun' };
  } catch (error) {
    return { kind: 'told', notice: noticeOf(app, error) };
  }
}

/** Asks for the payment's end; money that was faster shows on the next page. */
export async function cancelPayment(app: App, payment: Payment): Promise<NoticeKind | undefined> {
  try {
    await requestClose(app, payment, 'cancelled');
    return undefined;
  } catch (error) {
    return noticeOf(app, error);
  }
}

const NOTICE_OF: Partial<Record<ErrorCode, NoticeKind>> = {
  wallet_not_eligible: 'not_eligible',
  state_conflict: 'changed',
  concurrent_change: 'changed',
  outcome_unknown: 'changed',
  wallet_refused: 'refused',
  wallet_unavailable: 'unavailable',
};

function noticeOf(app: App, error: unknown): NoticeKind {
  if (!(error instanceof Refusal)) throw error;
  const notice = NOTICE_OF[error.code];
  if (notice === undefined) {
    app.log.warn({ err: error }, 'the checkout met a refusal it has no words for');
  }
  return notice ?? 'try_later';
}
