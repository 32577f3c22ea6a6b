import type { App } from '../../app.ts';
import { assert, Refusal } from '../../errors.ts';
import { findPayment } from '../../payments/find.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import { refuseRefund } from '../advance.ts';
import { changeRefund } from '../changes.ts';
import { selectRefund } from '../queries.ts';
import { isFinal, isUnfunded, type Refund } from '../refund.ts';
import { fundRefund } from './funding.ts';

const MAX_ROUNDS = 20;

/**
 * A refund that was asked for during a release gets its money when that is over, as if it were
 * asked for now. What has to be refused by then frees the payment's amount again.
 */
export async function fundWaiting(
  app: App,
  { refund: { book, id }, account }: { readonly refund: Refund; readonly account: WalletAccount },
): Promise<'funded' | 'waits' | 'answered'> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const refund = await selectRefund(app.db, book, id);
    assert(refund, `refund ${id} is gone`);
    if (isFinal(refund)) return 'answered';
    if (!isUnfunded(refund)) return 'funded';
    const payment = await findPayment(app, refund.payment_id);
    assert(payment, `payment ${refund.payment_id} is gone`);
    const funded = await fundRefund(app, account, payment, refund).catch((error: unknown) => {
      if (error instanceof Refusal) return error;
      throw error;
    });
    if (!funded) continue;
    if (funded instanceof Refusal) {
      await refuseRefund(app, refund, { code: funded.code, message: funded.message });
      return 'answered';
    }
    if (isUnfunded(funded.refund)) return 'waits';
    const { from_hold, hold_reservation_id, reservation_id } = funded.refund;
    const { rows, postings, events } = funded.held;
    const given = changeRefund(refund, { from_hold, hold_reservation_id, reservation_id });
    const done = await app.ledger.submit({
      book,
      rows: [given, ...rows],
      postings,
      events,
      jobs: [],
    });
    if (done.kind === 'committed') return 'funded';
  }
  return 'waits';
}
