import { randomUUID } from 'node:crypto';
import { createAttempt } from '../../src/attempts/create.ts';
import { findAttempts } from '../../src/attempts/find.ts';
import { businessDate } from '../../src/clock.ts';
import { sql } from '../../src/db/pool.ts';
import type { Hold } from '../../src/escrow/hold.ts';
import { releaseHold } from '../../src/escrow/release.ts';
import { newWalletReference } from '../../src/ids.ts';
import { advance } from '../../src/payments/advance.ts';
import { requestClose } from '../../src/payments/close.ts';
import type { Attempt, Payment } from '../../src/payments/payment.ts';
import { createPayout } from '../../src/payouts/create.ts';
import type { Payout } from '../../src/payouts/payout.ts';
import { changeTerms } from '../../src/payouts/terms.ts';
import { combinedOrder, nextDay, openSeller, sale } from '../../src/payouts/testing.ts';
import { findSplitOrders } from '../../src/profit-sharing/find.ts';
import { closedDay, tradeBill, usualFee } from '../../src/reconciliation/testing.ts';
import { createRefund } from '../../src/refunds/create.ts';
import type { Refund } from '../../src/refunds/refund.ts';
import { lastFullDay, settleMerchant } from '../../src/settlement/settle.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import { createEndpoint } from '../../src/webhooks/endpoints.ts';
import { sealBook } from '../../src/webhooks/sealer.ts';
import { escrow, holdOf, MINUTE_MS, paid as paidInEscrow } from '../market/market-rig.ts';
import type { MoneyRig } from '../support/money-rig.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

/** Books with a row of every kind, made by the hub's own verbs; at rest when they are answered. */
export interface RichBooks {
  readonly merchant_id: string;
  readonly paid: Payment;
  readonly paid_attempt: Attempt;
  readonly refund: Refund;
  /** Paid, and nothing went back. */
  readonly kept: Payment;
  /** Nobody has chosen a wallet. */
  readonly waiting: Payment;
  readonly live_attempt: Attempt;
  /** Its money came after the close. */
  readonly late_attempt: Attempt;
  /** In escrow, a part of it released. */
  readonly hold: Hold;
  readonly split_id: string;
  /** Of two sellers, paid. */
  readonly combined: Payment;
  /** A seller's settled day, paid out. */
  readonly payout: Payout;
  /** The closed bill of a day whose fee was corrected. */
  readonly bill_id: string;
}

const WALLET = 'wechat_pay';
const NOBODY_LISTENS = 'http://127.0.0.1:9/hook';

export async function makeRichBooks(rig: MoneyRig): Promise<RichBooks> {
  const { app } = rig;
  // The days of these two are over for the others: the second takes the clock on.
  const bill_id = await correctedFee(rig);
  const payout = await paidOut(rig);
  const receiver = await startWebhookReceiver();
  const paid = await rig.create({ amount: 100_000n });
  for (const url of [receiver.url, NOBODY_LISTENS]) {
    const made = await app.db.transaction((tx) =>
      createEndpoint(app, tx, { platform_id: paid.platform_id, url, event_types: [] }),
    );
    if (url === receiver.url) receiver.secret = made.secret;
  }
  const paid_attempt = await pay(rig, paid);
  const kept = await rig.create({ amount: 70_000n });
  await pay(rig, kept);
  const refund = await createRefund(app, {
    payment: paid,
    amount: 40_000n,
    reference: 'r1',
    reason: 'too small',
    metadata: {},
  });
  await rig.until(
    () => rig.reload(paid),
    ({ refunded }) => refunded === 40_000n,
  );
  const waiting = await rig.create();
  const live_attempt = await begin(rig, await rig.create());
  const late_attempt = await payLate(rig);
  const combined = await paidTogether(rig);
  const { hold, split_id } = await releaseInPart(rig);
  await settle(rig);
  await receiver.stop();
  const merchant_id = paid.merchant_id;
  return {
    merchant_id,
    paid,
    paid_attempt,
    refund,
    kept,
    waiting,
    live_attempt,
    late_attempt,
    hold,
    split_id,
    payout,
    combined,
    bill_id,
  };
}

/** A bill of today with one payment, for which the wallet takes a fen less than its list price. */
async function correctedFee(rig: MoneyRig): Promise<string> {
  const { app } = rig;
  const payment = await rig.create({ amount: 20_000n });
  await pay(rig, payment);
  const [attempt] = await findAttempts(app, payment);
  const { wallet_reference, wallet_transaction_id, paid_at, amount } = attempt ?? {};
  if (!wallet_reference || !wallet_transaction_id || !paid_at || !amount) throw new Error('unpaid');
  const line = { reference: wallet_reference, transaction_id: wallet_transaction_id, at: paid_at };
  const fee = usualFee(amount) - 1n;
  const file = await tradeBill([{ ...line, kind: 'payment', amount, fee }]);
  const date = businessDate(paid_at);
  await closedDay(rig, { account_id: rig.accounts[WALLET], date, file });
  const [bill] = await app.db.query<{ id: string }>(
    sql`select id from bills where state = 'closed'`,
  );
  return bill?.id ?? '';
}

async function paidTogether(rig: MoneyRig): Promise<Payment> {
  const options = { wallet: WALLET, custody: 'merchant_own' } as const;
  const payment = await combinedOrder(rig, [
    [await openSeller(rig, options), 800n],
    [await openSeller(rig, options), 300n],
  ]);
  await pay(rig, payment);
  return rig.reload(payment);
}

async function paidOut(rig: MoneyRig): Promise<Payout> {
  const { app } = rig;
  const seller = await openSeller(rig, {
    wallet: 'alipay',
    role: 'certificate',
    custody: 'hub_held',
  });
  const { merchant_id, wallet_account_id } = seller;
  await changeTerms(app, app.db, merchant_id, {
    wallet_account: wallet_account_id,
    payee: 'lin-xia@sandbox.test',
    payee_name: '林夏',
    state: 'manual',
  });
  await sale(rig, seller, 9_000n);
  await nextDay(rig, 2);
  await settleMerchant(app, seller, lastFullDay(app));
  return createPayout(app, { merchant: seller, wallet_account_id, amount: 5_000n });
}

function begin(rig: MoneyRig, payment: Payment): Promise<Attempt> {
  const client_ip = '127.0.0.1';
  return createAttempt(rig.app, { payment, wallet: WALLET, presentation: 'qr', client_ip });
}

async function pay(rig: MoneyRig, payment: Payment): Promise<Attempt> {
  const attempt = await begin(rig, payment);
  if (attempt.presentation_data?.kind !== 'qr') throw new Error('no code is shown');
  await rig.payAt(WALLET, attempt.presentation_data.qr);
  await rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
  return attempt;
}

/** Money for a payment that was closed, and for an order that nobody knows. */
async function payLate(rig: MoneyRig): Promise<Attempt> {
  const { app } = rig;
  const payment = await rig.create({ amount: 5_500n });
  const attempt = await begin(rig, payment);
  await requestClose(app, payment, 'cancelled');
  await rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'closed',
  );
  const account = await requireAccount(app.wallets, attempt.wallet_account_id);
  const wallet_merchant = app.wallets.connector(WALLET).merchantNumber(account);
  for (const wallet_reference of [attempt.wallet_reference, newWalletReference(0)]) {
    const fact = { wallet_reference, wallet_merchant, amount: attempt.amount, currency: 'CNY' };
    const wallet_transaction_id = randomUUID();
    await advance(app, account, { ...fact, wallet_transaction_id, state: 'paid' }, 'query');
  }
  return attempt;
}

async function releaseInPart(rig: MoneyRig): Promise<{ hold: Hold; split_id: string }> {
  const payment = await paidInEscrow(rig, WALLET, { terms: escrow() });
  await rig.clock.advance(MINUTE_MS);
  const held = await holdOf(rig, payment);
  await releaseHold(rig.app, { hold: held, why: 'receipt', amount: 4_000n });
  const hold = await rig.until(
    () => holdOf(rig, payment),
    ({ released }) => released === 4_000n,
  );
  const [order] = await findSplitOrders(rig.app, payment);
  return { hold, split_id: order?.id ?? '' };
}

/** Waits for the first delivery and the last notification, then lets nothing run any more. */
async function settle(rig: MoneyRig): Promise<void> {
  await rig.until(
    async () => {
      const [row] = await rig.app.db.query<{ settled: boolean }>(sql`
        select exists (select from deliveries where state = 'delivered')
          and not exists (select from notifications where processed_at is null)
          and not exists (select from jobs where kind = 'notification.process') as settled`);
      return row?.settled;
    },
    (settled) => settled === true,
  );
  await rig.app.jobs.stop();
  await sealBook(rig.app, 0);
}
