import { expect } from 'vitest';
import { createAttempt } from '../../src/attempts/create.ts';
import { findAttempts } from '../../src/attempts/find.ts';
import { findHold } from '../../src/escrow/find.ts';
import type { Hold } from '../../src/escrow/hold.ts';
import { newId } from '../../src/ids.ts';
import type { Payment } from '../../src/payments/payment.ts';
import { findSplitOrders } from '../../src/profit-sharing/find.ts';
import type { Share } from '../../src/profit-sharing/shares.ts';
import { createRefund } from '../../src/refunds/create.ts';
import { findRefunds } from '../../src/refunds/find.ts';
import type { PaymentTerms } from '../../src/terms/terms.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';

/** Wallets that hold money, and a merchant at each that may receive shares of the first one's. */
export const HOLDERS = ['wechat_pay', 'alipay'] as const;
export type Holder = (typeof HOLDERS)[number];
const RECEIVERS = {
  wechat_pay: { role: 'partner', name: '胡同服务商' },
  alipay: { role: 'certificate', name: '胡同书店' },
} as const;

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** Call it in `beforeAll`: a rig, and a receiver of shares at both wallets. */
export async function openMarket(
  env: Record<string, string> = {},
): Promise<{ rig: MoneyRig; receiver: Share['receiver'] }> {
  const rig = await startMoneyRig(env);
  return { rig, receiver: await addReceiver(rig) };
}

/** A receiver with an account at each wallet that holds money. */
export async function addReceiver(
  rig: MoneyRig,
  wrong?: { name: string },
): Promise<Share['receiver']> {
  const id = newId('rcv');
  const accounts = Object.fromEntries(
    HOLDERS.map((wallet) => {
      const { role, name } = RECEIVERS[wallet];
      const given = rig.sandboxes[wallet].accounts().find((each) => each.role === role);
      const connector = rig.app.wallets.connector(wallet);
      if (!given) throw new Error(`${wallet} has no ${role}`);
      const { settings, credentials } = connector.parseAccount(given);
      const account = connector.merchantNumber({
        id: 'wac_x',
        wallet,
        custody: 'merchant_own',
        settings,
        credentials,
      });
      return [wallet, { account, name: wrong?.name ?? name }];
    }),
  );
  await rig.app.db.pool.query(
    `insert into receivers (id, platform_id, name, kind, accounts)
     values ($1, $2, 'Service', 'merchant', $3)`,
    [id, rig.platform_id, JSON.stringify(accounts)],
  );
  return id;
}

export function escrow(days = 10, shares: readonly Share[] = []): PaymentTerms {
  return { capture: 'escrow', release_after_days: days, shares };
}

export function sharing(...shares: readonly Share[]): PaymentTerms {
  return { capture: 'instant', release_after_days: null, shares };
}

export function share(
  receiver: Share['receiver'],
  amount: bigint,
  role: Share['role'] = 'service_provider',
): Share {
  return { receiver, role, amount, description: '佣金' };
}

/** Paid by code; its money is held. */
export async function paid(
  rig: MoneyRig,
  wallet: Holder,
  { amount = 10_000n, terms }: { amount?: bigint; terms: PaymentTerms },
): Promise<Payment> {
  const payment = await rig.create({ amount, terms });
  const attempt = await createAttempt(rig.app, {
    payment,
    wallet,
    presentation: 'qr',
    client_ip: '127.0.0.1',
  });
  if (attempt.presentation_data?.kind !== 'qr') throw new Error(JSON.stringify(attempt.refusal));
  await rig.payAt(wallet, attempt.presentation_data.qr);
  return rig.until(
    () => rig.reload(payment),
    (now) => now.state === 'succeeded',
  );
}

export async function holdOf(rig: MoneyRig, payment: Payment): Promise<Hold> {
  const hold = await findHold(rig.app, payment);
  if (!hold) throw new Error(`payment ${payment.id} has no hold`);
  return hold;
}

export function holdIn(rig: MoneyRig, payment: Payment, state: Hold['state']): Promise<Hold> {
  return rig.until(
    () => holdOf(rig, payment),
    (hold) => hold.state === state,
  );
}

let refundNumber = 0;

export async function refunded(rig: MoneyRig, payment: Payment, amount: bigint): Promise<void> {
  refundNumber += 1;
  const refund = await createRefund(rig.app, {
    payment,
    amount,
    reference: `r${refundNumber}`,
    reason: 'broken',
    metadata: {},
  });
  await rig.until(
    async () => (await findRefunds(rig.app, payment)).find(({ id }) => id === refund.id),
    (now) => now?.state === 'succeeded',
  );
}

/** Fen of one ledger account. */
export async function posted(rig: MoneyRig, account: string): Promise<bigint> {
  return (await rig.app.ledger.balance(0, account))?.posted ?? 0n;
}

/** What the wallet itself says it still holds of the payment. */
export async function heldAtWallet(rig: MoneyRig, payment: Payment): Promise<bigint> {
  const attempts = await findAttempts(rig.app, payment);
  const attempt = attempts.find(({ id }) => id === payment.succeeded_attempt_id);
  if (!attempt?.wallet_transaction_id) throw new Error('not paid');
  const account = await requireAccount(rig.app.wallets, attempt.wallet_account_id);
  const { wallet_reference, wallet_transaction_id, sub_merchant } = attempt;
  const { splits } = rig.app.wallets.connector(attempt.wallet);
  const outcome = await splits?.unsplitAmount(account, {
    wallet_reference,
    wallet_transaction_id,
    ...(sub_merchant === null ? {} : { sub_merchant }),
  });
  if (outcome?.kind !== 'amount') throw new Error(JSON.stringify(outcome));
  return outcome.amount;
}

/** Every request about it is over, and hub, ledger and wallets agree. */
export async function expectSettled(rig: MoneyRig, payment: Payment): Promise<void> {
  await rig.until(
    () => findSplitOrders(rig.app, payment),
    (orders) => orders.every(({ state }) => state === 'finished' || state === 'refused'),
  );
  expect(await rig.expectBooksEqual()).toEqual([]);
}
