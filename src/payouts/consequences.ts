import type { App } from '../app.ts';
import { newId } from '../ids.ts';
import { merchantAccount, walletAccount } from '../ledger/accounts.ts';
import type { NewPosting } from '../ledger/ledger.ts';
import { type MoveParts, NOTHING } from '../payments/changes.ts';
import { changeFunds, findFunds } from '../settlement/funds.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { changePayout, payoutEvent } from './changes.ts';
import type { Payout, PayoutDecision, PayoutReport } from './payout.ts';

/** What each decision about a payout writes: rows, postings and events of one move. */
type Change = Exclude<PayoutDecision, { kind: 'ignore' | 'refuse' }>;
const FIRST_QUERY_MS = 5_000;

export async function payoutConsequences(
  app: App,
  account: WalletAccount,
  payout: Payout,
  report: PayoutReport,
  decision: Change,
): Promise<MoveParts> {
  const wallet_payout_id = report.wallet_payout_id ?? payout.wallet_payout_id;
  switch (decision.kind) {
    case 'wait':
      return wait(app, payout, report, decision.state);
    case 'pay': {
      const changed = {
        state: 'succeeded',
        wallet_payout_id,
        refusal: null,
        confirmation: null,
        succeeded_at: report.paid_at ?? app.clock.now(),
      } as const;
      const paid = decision.again
        ? {
            postings: [moved(app, account, payout, 'payout')],
            rows: [await taken(app, payout, 1n)],
          }
        : { postings: [ends('post', app, payout)], rows: [] };
      return {
        ...NOTHING,
        rows: [changePayout(payout, { ...changed, next_query_at: null }), ...paid.rows],
        postings: paid.postings,
        events: [payoutEvent(app, 'payout.succeeded', { ...payout, ...changed }, next(payout))],
      };
    }
    case 'free': {
      const message = report.reason ?? `the wallet says that it is ${report.state}`;
      const { state } = decision;
      const refusal = { code: state, message };
      const changed = { state, wallet_payout_id, refusal, confirmation: null } as const;
      const type = `payout.${state}` as const;
      return {
        ...NOTHING,
        rows: [
          changePayout(payout, { ...changed, next_query_at: null }),
          await taken(app, payout, -1n),
        ],
        postings: [ends('void', app, payout)],
        events: [payoutEvent(app, type, { ...payout, ...changed }, next(payout))],
      };
    }
    case 'give_back': {
      const changed = { state: 'returned', wallet_payout_id } as const;
      return {
        ...NOTHING,
        rows: [
          changePayout(payout, { ...changed, next_query_at: null }),
          await taken(app, payout, -1n),
        ],
        postings: [moved(app, account, payout, 'payout_returned')],
        events: [payoutEvent(app, 'payout.returned', { ...payout, ...changed }, next(payout))],
      };
    }
    default:
      return decision satisfies never;
  }
}

function next({ version }: Payout): number {
  return version + 1;
}

function wait(
  app: App,
  payout: Payout,
  report: PayoutReport,
  state: 'pending' | 'needs_payee',
): MoveParts {
  const changed = {
    state,
    wallet_payout_id: report.wallet_payout_id ?? payout.wallet_payout_id,
    confirmation: report.confirmation ?? payout.confirmation,
    refusal: null,
  };
  const next_query_at = new Date(Date.now() + FIRST_QUERY_MS * app.config.retry_pace);
  const after = { ...payout, ...changed };
  return {
    ...NOTHING,
    rows: [changePayout(payout, { ...changed, next_query_at })],
    events:
      state === 'needs_payee' ? [payoutEvent(app, 'payout.needs_payee', after, next(payout))] : [],
  };
}

async function taken(app: App, payout: Payout, sign: 1n | -1n) {
  const funds = await findFunds(app.db, payout);
  return changeFunds(funds, { paid_out: funds.paid_out + sign * payout.amount });
}

function ends(kind: 'post' | 'void', app: App, payout: Payout): NewPosting {
  const id = newId('pst', payout.book);
  return { kind, id, ends: payout.reservation_id, business_at: app.clock.now() };
}

/** A wallet's fact without a reservation: money that left after all, or came back. */
function moved(
  app: App,
  account: WalletAccount,
  payout: Payout,
  reason: 'payout' | 'payout_returned',
): NewPosting {
  const [merchant, wallet] = [merchantAccount(payout.merchant_id), walletAccount(account)];
  const sides =
    reason === 'payout' ? { debit: merchant, credit: wallet } : { debit: wallet, credit: merchant };
  return {
    kind: 'posted',
    id: newId('pst', payout.book),
    ...sides,
    amount: payout.amount,
    currency: 'CNY',
    reason,
    subject_id: payout.id,
    business_at: app.clock.now(),
    fact: true,
  };
}
