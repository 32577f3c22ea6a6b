import type { App } from '../../app.ts';
import { findAttempts } from '../../attempts/find.ts';
import { findPart } from '../../combined/advance.ts';
import { advance } from '../../payments/advance.ts';
import { findPayment } from '../../payments/find.ts';
import type { Attempt } from '../../payments/payment.ts';
import { advanceRefund } from '../../refunds/advance.ts';
import { requireAccount } from '../../wallets/registry.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { askForWhole } from '../matching/tell-parts.ts';
import { askAboutPayout, askAboutShare } from './ask-moves.ts';
import { type Asked, unsaid } from './asked.ts';
import type { Break } from './break.ts';

/** The wallet's answer counts first, through the completion path; then it is held beside ours. */
export async function askWallet(app: App, found: Break): Promise<Asked> {
  if (found.about === 'payout') return askAboutPayout(app, found);
  if (found.about === 'split') return askAboutShare(app, found);
  const account = await requireAccount(app.wallets, found.wallet_account_id);
  const payment = found.payment_id === null ? undefined : await findPayment(app, found.payment_id);
  const wallet_reference = found.detail['wallet_reference'];
  if (!payment || typeof wallet_reference !== 'string') {
    return { agrees: false, said: 'there is nothing to ask the wallet for' };
  }
  const attempts = await findAttempts(app, payment);
  const part = await findPart(app, payment.book, account, wallet_reference);
  const attempt = attempts.find(
    ({ id, wallet_reference: own }) => id === part?.attempt_id || own === wallet_reference,
  );
  if (!attempt) return { agrees: false, said: 'the payment has no such attempt' };
  if (attempt.combined && found.about === 'payment') return askAboutParts(app, account, attempt);
  return found.about === 'refund'
    ? askAboutRefund(app, account, { found, wallet_reference })
    : askAboutPayment(app, account, { found, wallet_reference });
}

/** What a wallet has of one part counts only with all the others. */
async function askAboutParts(app: App, account: WalletAccount, attempt: Attempt): Promise<Asked> {
  const { book, payment_id, wallet_reference: whole } = attempt;
  const agrees = await askForWhole(app, account, { book, payment_id, whole });
  const said = agrees ? 'the wallet says that all parts are paid' : 'not all parts are paid';
  return { agrees, said };
}

interface Question {
  readonly found: Break;
  readonly wallet_reference: string;
}

async function askAboutPayment(
  app: App,
  account: WalletAccount,
  { found, wallet_reference }: Question,
): Promise<Asked> {
  const wallet = app.wallets.connector(account.wallet);
  const answer = await wallet.queryPayment(account, wallet_reference);
  if (answer.kind !== 'fact') return unsaid(answer, 'payment');
  const { outcome } = await advance(app, account, answer.fact, 'query');
  const { state } = answer.fact;
  const hasMoney = state === 'paid' || state === 'refunded';
  const agrees = hasMoney && (found.kind === 'missing_there' || outcome !== 'ignore');
  return { agrees, said: `the wallet says ${state}` };
}

async function askAboutRefund(
  app: App,
  account: WalletAccount,
  { found, wallet_reference }: Question,
): Promise<Asked> {
  const wallet = app.wallets.connector(account.wallet);
  const refund_reference = String(found.detail['reference'] ?? found.subject);
  const answer = await wallet.queryRefund(account, { refund_reference, wallet_reference });
  if (answer.kind !== 'fact') return unsaid(answer, 'refund');
  const { outcome } = await advanceRefund(app, account, answer.fact, 'query');
  const done = answer.fact.state === 'succeeded';
  const agrees = done && (found.kind === 'missing_there' || outcome === 'changed');
  return { agrees, said: `the wallet says ${answer.fact.state}` };
}
