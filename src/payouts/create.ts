import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { newId, newWalletReference } from '../ids.ts';
import { merchantAccount, walletAccount } from '../ledger/accounts.ts';
import { throwIfKeyTaken } from '../ledger/key-taken.ts';
import type { IntentKey, Move, MoveResult } from '../ledger/ledger.ts';
import { changeFunds, type SellerFunds } from '../settlement/funds.ts';
import type { MerchantAt } from '../settlement/settle.ts';
import { insertPayout, payoutEvent } from './changes.ts';
import { type PayoutWay, payableNow, payoutWay } from './payable.ts';
import type { Payout } from './payout.ts';
import { selectPayout } from './queries.ts';
import { sendPayout } from './send.ts';
import { sealPayee } from './terms.ts';

/**
 * Deciding a payout: the payout, its reservation in the ledger and what it takes of the seller's
 * settled funds are one move, so at any concurrency all payouts together never exceed what was
 * settled. Then the wallet is called, and a job behind it finishes what a crash or an outage left.
 */
export interface PayoutRequest {
  readonly merchant: MerchantAt;
  readonly wallet_account_id: string;
  /** Everything that may leave now, within the wallet's limits, when absent. */
  readonly amount?: bigint | undefined;
  readonly key?: Omit<IntentKey, 'object_id'> | undefined;
}

const MAX_ROUNDS = 20;
const JOB_MARGIN_MS = 2_000;

export async function createPayout(app: App, request: PayoutRequest): Promise<Payout> {
  const { merchant, wallet_account_id } = request;
  const at = { ...merchant, wallet_account_id };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const way = await payoutWay(app, at);
    const { funds, payable } = await payableNow(app, at, way.terms);
    const amount = await amountOf(app, way, payable, request.amount);
    const payout = plan(app, request, way, amount);
    const result = await app.ledger.submit(intent(app, { payout, funds, way, request }));
    if (result.kind === 'committed') {
      await sendPayout(app, payout, { first: true });
      return (await selectPayout(app.db, payout.book, payout.id)) ?? payout;
    }
    throwIfOver(result);
  }
  throw new Refusal('concurrent_change', { message: 'the seller’s funds keep changing' });
}

function throwIfOver(result: MoveResult): void {
  if (result.kind === 'refused') throw new Refusal('amount_exceeds_payable', { param: 'amount' });
  if (result.kind !== 'taken') return;
  throwIfKeyTaken(result);
  if (result.constraint === 'payouts_one_open') {
    throw new Refusal('state_conflict', {
      message: 'another payout of this merchant is on its way through this wallet account',
    });
  }
}

async function amountOf(
  app: App,
  way: PayoutWay,
  payable: bigint,
  asked: bigint | undefined,
): Promise<bigint> {
  const most = payable < way.max_amount ? payable : way.max_amount;
  // More than the wallet takes at once leaves in several payouts, each as large as it may be.
  const minimum = way.terms.minimum < way.max_amount ? way.terms.minimum : way.max_amount;
  if (asked === undefined && most > 0n) {
    const amount = await atWallet(app, way, most);
    const least = minimum > way.min_amount ? minimum : way.min_amount;
    if (amount >= least) return amount;
    throw tooMuch(`${amount} fen may leave now, and one payout is at least ${least} fen`);
  }
  if (asked === undefined || asked > payable) {
    throw tooMuch(`at most ${payable} fen may be paid out now`);
  }
  if (asked < way.min_amount || asked > way.max_amount) {
    throw notAnAmount(`one payout is ${way.min_amount} to ${way.max_amount} fen at this wallet`);
  }
  if (asked < minimum) {
    throw notAnAmount(`the terms of this merchant set the minimum of one payout to ${minimum} fen`);
  }
  return asked;
}

function notAnAmount(message: string): Refusal {
  return new Refusal('invalid_parameter', { param: 'amount', message: `amount: ${message}` });
}

function tooMuch(message: string): Refusal {
  return new Refusal('amount_exceeds_payable', { param: 'amount', message });
}

/** The wallet's own fees may leave a seller less there than our estimate says. */
async function atWallet(app: App, { account, to }: PayoutWay, most: bigint): Promise<bigint> {
  if (to.kind === 'transfer') return most;
  const { sellerFunds } = app.wallets.connector(account.wallet);
  const outcome = await sellerFunds?.balance(account, to.sub_merchant);
  if (outcome?.kind !== 'balance') {
    throw new Refusal('wallet_unavailable', { message: 'the wallet did not say the balance' });
  }
  const { available } = outcome.balance;
  return available < most ? available : most;
}

function plan(app: App, request: PayoutRequest, way: PayoutWay, amount: bigint): Payout {
  const { book, platform_id, merchant_id } = request.merchant;
  const { account, terms, to } = way;
  const id = newId('pyo', book);
  const payee = to.kind === 'transfer' ? sealPayee(app, id, to.payee).toString('base64') : null;
  return {
    book,
    id,
    version: 1,
    platform_id,
    merchant_id,
    wallet_account_id: account.id,
    wallet: account.wallet,
    kind: to.kind,
    state: 'created',
    amount,
    currency: 'CNY',
    payout_reference: newWalletReference(book),
    wallet_payout_id: null,
    sub_merchant: to.kind === 'withdrawal' ? to.sub_merchant : null,
    payee,
    payee_hint: payee === null ? null : terms.payee_hint,
    confirmation: null,
    refusal: null,
    cancel_requested_at: null,
    cancel_refusal: null,
    reservation_id: newId('pst', book),
    created_at: app.clock.now(),
    sent_at: app.clock.real(),
    succeeded_at: null,
  };
}

interface Planned {
  readonly payout: Payout;
  readonly funds: SellerFunds;
  readonly way: PayoutWay;
  readonly request: PayoutRequest;
}

function intent(app: App, { payout, funds, way, request }: Planned): Move {
  const { book } = payout;
  // The caller sends it at once; the job is for the case that it cannot.
  const run_at = new Date(Date.now() + app.config.wallet_timeout_ms + JOB_MARGIN_MS);
  return {
    book,
    rows: [insertPayout(payout), changeFunds(funds, { paid_out: funds.paid_out + payout.amount })],
    postings: [
      {
        kind: 'pending',
        id: payout.reservation_id,
        debit: merchantAccount(payout.merchant_id),
        credit: walletAccount(way.account),
        amount: payout.amount,
        currency: 'CNY',
        reason: 'payout',
        subject_id: payout.id,
        business_at: payout.created_at,
      },
    ],
    events: [payoutEvent(app, 'payout.created', payout, 1)],
    jobs: [{ book, kind: 'payout.send', key: payout.id, payload: {}, run_at }],
    keys: request.key ? [{ ...request.key, object_id: payout.id }] : [],
  };
}
