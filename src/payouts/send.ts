import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import { NOTHING } from '../payments/changes.ts';
import { mayStillArrive } from '../wallets/late.ts';
import { PASSING, type RefusalCode } from '../wallets/outcome.ts';
import type { PayoutOutcome } from '../wallets/products/payouts.ts';
import type { WithdrawalOutcome } from '../wallets/products/seller-funds.ts';
import { requireAccount } from '../wallets/registry.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { advancePayout, type PayoutAdvance, payoutReport, withdrawalReport } from './advance.ts';
import { changePayout, recordPayoutCall } from './changes.ts';
import { endUnsent, type Payout, type PayoutReport, SHORT } from './payout.ts';
import { selectPayout, selectPayoutByReference } from './queries.ts';
import { openPayee } from './terms.ts';

/**
 * Sending a payout to its wallet, always under its one number. Only its maker sends without asking;
 * whoever comes later asks the wallet first, and sends when it knows no such number. Its time is on
 * the row before a request leaves: nobody who wants the payout back misses one that is on its way,
 * and none leaves after the wish (decision 0022).
 */
type Named = Pick<Payout, 'book' | 'id'>;
export type PayoutSent = 'answered' | 'try_again';

/** Refusals about the moment, not about the payout: the same number is sent again. */
export const SENT_AGAIN: ReadonlySet<RefusalCode> = new Set([...PASSING, 'reference_reused']);
const MAX_ROUNDS = 20;

type Outcome = Exclude<PayoutOutcome | WithdrawalOutcome, { kind: 'fact' }> | Told;
interface Told {
  readonly kind: 'fact';
  readonly report: PayoutReport;
  readonly trace: PayoutOutcome['trace'];
}

export async function sendPayout(
  app: App,
  { book, id }: Named,
  { first }: { readonly first: boolean },
): Promise<PayoutSent> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { payout, account } = await subjectOf(app, book, id);
    if (!isUnanswered(payout)) return 'answered';
    // Before the question: what arrives while it is answered is not in the answer.
    const on_its_way = mayStillArrive(app, payout.sent_at);
    if (!first || round > 0) {
      const known = await ask(app, account, payout);
      await record(app, payout, known);
      if (known.kind === 'refused') return keepRefusal(app, payout, known);
      if (known.kind !== 'not_found') return apply(app, account, payout, known);
    }
    const end = endUnsent(payout);
    if (end) {
      if (on_its_way) return 'try_again';
      await advancePayout(app, account, { ...named(payout), ...end }, 'answer');
      return 'answered';
    }
    const leaving = await noteSending(app, payout);
    // Somebody wants it back, or sends it too: what was asked before that is old.
    if (!leaving) continue;
    const outcome = await pay(app, account, leaving);
    await record(app, leaving, outcome);
    return apply(app, account, leaving, outcome);
  }
  return 'try_again';
}

/** The wallet has not said yet that it has it. */
function isUnanswered({ state }: Payout): boolean {
  return state === 'created' || state === 'unknown';
}

/** The payout as it is when its request may leave; undefined when somebody changed it meanwhile. */
async function noteSending(app: App, payout: Payout): Promise<Payout | undefined> {
  const sent_at = app.clock.real();
  const rows = [changePayout(payout, { sent_at })];
  const done = await app.ledger.submit({ book: payout.book, ...NOTHING, rows });
  if (done.kind !== 'committed') return undefined;
  return { ...payout, sent_at, version: payout.version + 1 };
}

/** The wallet would not, for the moment, or would not even say: it is tried again. */
function keepRefusal(
  app: App,
  payout: Payout,
  { code, message }: { readonly code: string; readonly message: string },
): Promise<PayoutSent> {
  return keep(app, payout, () => ({ refusal: { code, message } }));
}

/** Writes what the wallet did not decide, unless it decided meanwhile; a wish hides none of it. */
async function keep(
  app: App,
  named: Payout,
  change: (now: Payout) => Partial<Pick<Payout, 'state' | 'refusal'>> | undefined,
): Promise<PayoutSent> {
  const { book, id } = named;
  let now = named;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const values = isUnanswered(now) ? change(now) : undefined;
    if (!values) return 'try_again';
    const rows = [changePayout(now, values)];
    const done = await app.ledger.submit({ book, ...NOTHING, rows });
    if (done.kind === 'committed') return 'try_again';
    now = (await subjectOf(app, book, id)).payout;
  }
  throw new Error(`payout ${id} keeps colliding`);
}

export interface PayoutAsked {
  readonly answer: Outcome;
  /** What became of the wallet's word, where it said one. */
  readonly heard?: PayoutAdvance['outcome'];
}

/** Asks the wallet what became of a payout, in whatever state it is; its answer counts. */
export async function askPayout(app: App, { book, id }: Named): Promise<PayoutAsked> {
  const { payout, account } = await subjectOf(app, book, id);
  const answer = await ask(app, account, payout);
  await record(app, payout, answer);
  if (answer.kind !== 'fact') return { answer };
  const { outcome: heard } = await advancePayout(app, account, answer.report, 'query');
  return { answer, heard };
}

/** The payout with this number at this account. */
export function findPayoutNamed(
  app: App,
  at: Pick<Payout, 'book' | 'wallet_account_id' | 'payout_reference'>,
): Promise<Payout | undefined> {
  return selectPayoutByReference(app.db, at);
}

/** A payout with all that a call about it needs. */
export async function subjectOf(
  app: App,
  book: number,
  id: string,
): Promise<{ payout: Payout; account: WalletAccount }> {
  const payout = await selectPayout(app.db, book, id);
  assert(payout, `payout ${id} is gone`);
  return { payout, account: await requireAccount(app.wallets, payout.wallet_account_id) };
}

async function pay(app: App, account: WalletAccount, payout: Payout): Promise<Outcome> {
  const connector = app.wallets.connector(payout.wallet);
  const notify_url = `${app.public_url}/notify/${payout.wallet}/${account.id}`;
  const { amount, payout_reference } = payout;
  const description = `结算 ${payout.id}`;
  if (payout.kind === 'withdrawal') {
    assert(connector.sellerFunds, `${payout.wallet} has no withdrawals any more`);
    const outcome = await connector.sellerFunds.withdraw(account, {
      withdrawal_reference: payout_reference,
      ...seller(payout),
      amount,
      description,
      notify_url,
    });
    return told(outcome, withdrawalReport);
  }
  assert(connector.payouts && payout.payee, `${payout.wallet} has no payouts any more`);
  const { payee, name } = openPayee(app, payout.id, Buffer.from(payout.payee, 'base64'));
  const outcome = await connector.payouts.pay(account, {
    payout_reference,
    amount,
    currency: 'CNY',
    payee,
    ...(name === undefined ? {} : { payee_name: name }),
    description,
    notify_url,
  });
  return told(outcome, payoutReport);
}

async function ask(app: App, account: WalletAccount, payout: Payout): Promise<Outcome> {
  const { sellerFunds, payouts } = app.wallets.connector(payout.wallet);
  const { payout_reference } = payout;
  if (payout.kind === 'withdrawal') {
    assert(sellerFunds, `${payout.wallet} has no withdrawals any more`);
    const asked = { withdrawal_reference: payout_reference, ...seller(payout) };
    return told(await sellerFunds.queryWithdrawal(account, asked), withdrawalReport);
  }
  assert(payouts, `${payout.wallet} has no payouts any more`);
  return told(await payouts.query(account, payout_reference), payoutReport);
}

function seller({ sub_merchant }: Payout): { readonly sub_merchant?: string } {
  return sub_merchant === null ? {} : { sub_merchant };
}

export function told<Fact>(
  outcome:
    | { readonly kind: 'fact'; readonly fact: Fact; readonly trace: Told['trace'] }
    | Exclude<Outcome, Told>,
  report: (fact: Fact) => PayoutReport,
): Outcome {
  if (outcome.kind !== 'fact') return outcome;
  return { kind: 'fact', report: report(outcome.fact), trace: outcome.trace };
}

export async function record(app: App, payout: Payout, outcome: Outcome): Promise<void> {
  const word = outcome.kind === 'fact' ? outcome.report.state : outcome.kind;
  const rows = [recordPayoutCall(payout, word, outcome.trace)];
  await app.ledger.submit({ book: payout.book, ...NOTHING, rows });
}

async function apply(
  app: App,
  account: WalletAccount,
  payout: Payout,
  outcome: Outcome,
): Promise<PayoutSent> {
  switch (outcome.kind) {
    case 'fact': {
      const { outcome: heard } = await advancePayout(app, account, outcome.report, 'answer');
      // About another merchant or amount: a break tells it, and the payout still needs its answer.
      return heard === 'refuse' || heard === 'unknown_payout' ? 'try_again' : 'answered';
    }
    case 'refused': {
      const { code, message } = outcome;
      if (code === SHORT || SENT_AGAIN.has(code)) return keepRefusal(app, payout, outcome);
      const report = { ...named(payout), state: 'refused', reason: `${code}: ${message}` } as const;
      await advancePayout(app, account, report, 'answer');
      return 'answered';
    }
    case 'not_found':
    case 'unknown':
      return keep(app, payout, ({ state }) =>
        state === 'created' ? { state: 'unknown' } : undefined,
      );
    default:
      return outcome satisfies never;
  }
}

function named({ kind, payout_reference }: Payout) {
  return { kind, payout_reference };
}
