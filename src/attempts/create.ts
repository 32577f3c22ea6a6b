import type { App } from '../app.ts';
import { attemptPartRows } from '../combined/attempt-part.ts';
import { presentParts } from '../combined/calls.ts';
import { Refusal } from '../errors.ts';
import { newId, newWalletReference } from '../ids.ts';
import { throwIfKeyTaken } from '../ledger/key-taken.ts';
import type { IntentKey } from '../ledger/ledger.ts';
import { changePayment, insertAttempt, NOTHING, step } from '../payments/changes.ts';
import { isOpen } from '../payments/decide.ts';
import { findPayment } from '../payments/find.ts';
import { type Attempt, isLive, type Payment } from '../payments/payment.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { PresentationKind, WalletAccount, WalletName } from '../wallets/wallet.ts';
import { recordAnswer } from './answer.ts';
import { closeAttempt } from './close.ts';
import { whyWalletNot } from './eligible.ts';
import { rememberReference } from './find.ts';
import { selectAttempts } from './queries.ts';

/**
 * A payer chose a wallet. The attempt is committed before the wallet is called, the call runs
 * outside any transaction, and its answer is recorded whatever it is. Choosing another wallet
 * closes the previous attempt at its wallet first; choosing the same again shows it again.
 */
export interface AttemptRequest {
  readonly payment: Payment;
  readonly wallet: WalletName;
  readonly presentation: PresentationKind;
  /** IP address of the payer's browser. */
  readonly client_ip: string;
  /** The payer's id at this wallet; required for `in_app` and `mini_program`. */
  readonly payer?: string;
  /** The idempotency key that commits with the attempt. */
  readonly key?: Omit<IntentKey, 'object_id'>;
}

const MAX_ROUNDS = 8;
/** A first question soon after the call, in case its answer or a notification is lost. */
const FIRST_QUERY_MS = 5_000;

export async function createAttempt(app: App, request: AttemptRequest): Promise<Attempt> {
  if (needsPayer(request.presentation) && request.payer === undefined) {
    throw new Refusal('invalid_parameter', {
      param: 'payer',
      message: `${request.presentation} needs the payer’s id at this wallet`,
    });
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // A payment that waits for a wallet has no live attempt; if it has one by now, it has moved on.
    const waits = round === 0 && request.payment.state === 'requires_wallet';
    const live = waits ? undefined : await liveAttempt(app, request.payment);
    // With nothing to close, what the caller has read will do: the move fails if it has moved on.
    const known = round === 0 && !live ? request.payment : await reread(app, request.payment);
    const payment = openPayment(app, known);
    const { account, sub_merchant } = await eligibleAccount(app, payment, request);
    if (live && isSame(live, request)) return showAgain(app, payment, live, account, request);
    if (live) {
      await closeAttempt(app, payment, live);
      continue;
    }
    const begun = await begin(app, payment, account, request, sub_merchant);
    if (begun) return callWallet(app, begun.payment, begun.attempt, account, request);
  }
  throw new Refusal('concurrent_change', { message: 'the payment keeps changing; read it again' });
}

export async function liveAttempt(app: App, payment: Payment): Promise<Attempt | undefined> {
  return (await selectAttempts(app.db, payment.book, payment.id)).find(isLive);
}

async function reread(app: App, { id }: Payment): Promise<Payment> {
  const payment = await findPayment(app, id);
  if (!payment) throw new Refusal('not_found');
  return payment;
}

function openPayment(app: App, payment: Payment): Payment {
  if (!isOpen(payment) || payment.closing || payment.expires_at <= app.clock.now()) {
    const state = isOpen(payment) ? 'closing' : payment.state;
    throw new Refusal('state_conflict', {
      message: `the payment is ${state}: no attempt can begin`,
    });
  }
  return payment;
}

async function eligibleAccount(
  app: App,
  payment: Payment,
  request: AttemptRequest,
): Promise<{ account: WalletAccount; sub_merchant: string | null }> {
  const { wallet, presentation } = request;
  const { reason, wallet_account_id, sub_merchant } = await whyWalletNot(
    app,
    payment,
    wallet,
    presentation,
  );
  if (reason !== null || wallet_account_id === null) {
    throw new Refusal('wallet_not_eligible', {
      param: 'wallet',
      message: `${wallet} may not take this payment as ${presentation}: ${reason ?? 'not_enrolled'}`,
    });
  }
  return { account: await requireAccount(app.wallets, wallet_account_id), sub_merchant };
}

/** An attempt made for one payer is not shown to another. */
function isSame(live: Attempt, request: AttemptRequest): boolean {
  const same = live.wallet === request.wallet && live.presentation === request.presentation;
  return same && !needsPayer(request.presentation);
}

/** Made for one person, whose id the wallet wants. */
function needsPayer(presentation: PresentationKind): boolean {
  return presentation === 'in_app' || presentation === 'mini_program';
}

async function showAgain(
  app: App,
  payment: Payment,
  live: Attempt,
  account: WalletAccount,
  request: AttemptRequest,
): Promise<Attempt> {
  // Its answer never came: the same order under the same number gives the code again.
  const calls = live.state === 'unknown' || isOrphan(app, live);
  if (request.key) {
    // Without a call nobody need wait for its end.
    const lease_until = calls ? request.key.lease_until : app.clock.real();
    const key = { ...request.key, lease_until, object_id: live.id };
    const result = await app.ledger.submit({ book: payment.book, ...NOTHING, keys: [key] });
    throwIfKeyTaken(result);
  }
  return calls ? callWallet(app, payment, live, account, request) : live;
}

/** Committed, but the process that was to call the wallet is gone. */
function isOrphan(app: App, live: Attempt): boolean {
  const age_ms = app.clock.now().getTime() - live.created_at.getTime();
  return live.state === 'created' && age_ms > app.config.wallet_timeout_ms + ORPHAN_MARGIN_MS;
}

const ORPHAN_MARGIN_MS = 2_000;

async function begin(
  app: App,
  payment: Payment,
  account: WalletAccount,
  request: AttemptRequest,
  sub_merchant: string | null,
): Promise<{ payment: Payment; attempt: Attempt } | undefined> {
  const now = app.clock.now();
  const { max_expiry_ms } = app.wallets.connector(request.wallet).capabilities;
  const expires_at = new Date(
    Math.min(payment.expires_at.getTime(), now.getTime() + max_expiry_ms),
  );
  const attempt: Attempt = {
    book: payment.book,
    id: newId('att', payment.book),
    version: 1,
    payment_id: payment.id,
    wallet: request.wallet,
    wallet_account_id: account.id,
    presentation: request.presentation,
    state: 'created',
    wallet_reference: newWalletReference(payment.book),
    sub_merchant,
    combined: payment.parts.length > 0,
    amount: payment.amount,
    presentation_data: null,
    refusal: null,
    wallet_transaction_id: null,
    payer_paid: null,
    coupons: null,
    expires_at,
    returned: 0n,
    created_at: now,
    paid_at: null,
  };
  const first_query = new Date(Date.now() + app.config.wallet_timeout_ms + FIRST_QUERY_MS);
  const changed = { state: 'pending' } as const;
  const after: Payment = { ...payment, ...changed, version: payment.version + 1 };
  const { wallet, presentation } = request;
  const result = await app.ledger.submit({
    book: payment.book,
    rows: [
      changePayment(payment, changed),
      insertAttempt(attempt, first_query),
      ...(await attemptPartRows(app, payment, attempt)),
    ],
    postings: [],
    events: [step(payment, 'attempt.created', { attempt: attempt.id, wallet, presentation })],
    jobs: [],
    keys: request.key ? [{ ...request.key, object_id: attempt.id }] : [],
  });
  switch (result.kind) {
    case 'committed':
      rememberReference(app, attempt);
      return { payment: after, attempt };
    case 'taken':
      throwIfKeyTaken(result);
      return undefined;
    case 'stale':
    case 'refused':
      return undefined;
    default:
      return result satisfies never;
  }
}

async function callWallet(
  app: App,
  payment: Payment,
  attempt: Attempt,
  account: WalletAccount,
  request: AttemptRequest,
): Promise<Attempt> {
  const { client_ip, payer, key } = request;
  if (attempt.combined) {
    const { description } = payment;
    const parts = await presentParts(app, attempt, account, { description, client_ip, payer });
    return recordAnswer(app, payment, attempt, parts, key?.key_hash);
  }
  const notify = `${app.public_url}/notify/${attempt.wallet}/${account.id}`;
  const outcome = await app.wallets.connector(attempt.wallet).createPayment(account, {
    wallet_reference: attempt.wallet_reference,
    amount: attempt.amount,
    currency: 'CNY',
    description: payment.description,
    presentation: attempt.presentation,
    notify_url: notify,
    return_url: returnUrl(app, payment),
    expires_at: attempt.expires_at,
    client_ip,
    ...(payer === undefined ? {} : { payer }),
    ...(payment.terms === null ? {} : { hold: true }),
    ...(attempt.sub_merchant === null ? {} : { sub_merchant: attempt.sub_merchant }),
  });
  return recordAnswer(app, payment, attempt, outcome, key?.key_hash);
}

function returnUrl(app: App, payment: Payment): string {
  return `${app.public_url}/c/return/${payment.id}`;
}
