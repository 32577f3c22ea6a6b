import { expect, test } from 'vitest';
import type { RawNotification } from '../../src/wallets/notification.ts';
import { type At, paidOrder } from './payments.ts';
import type { Stage } from './stage.ts';

/** What every wallet's notifications must withstand. */
async function genuine(stage: Stage) {
  const { order } = await paidOrder(stage);
  const raw = await stage.merchant.notificationOf(stage, order.wallet_reference);
  return { order, raw };
}

function changed(raw: RawNotification, at: number): RawNotification {
  const body = Buffer.from(raw.body);
  body[at] = (body[at] ?? 0) ^ 1;
  return { ...raw, body };
}

export function notificationContract(at: At): void {
  test('a genuine one says what the query says', async () => {
    const stage = at();
    const { order, raw } = await genuine(stage);
    const verified = await stage.wallet.verifyNotification(stage.account, raw);
    expect(verified).toMatchObject({
      kind: 'verified',
      content: {
        about: 'payment',
        fact: {
          state: 'paid',
          amount: order.amount,
          wallet_reference: order.wallet_reference,
          wallet_merchant: stage.wallet.merchantNumber(stage.account),
        },
      },
    });
  });

  test('one with any byte of its body changed is refused', async () => {
    const stage = at();
    const { raw } = await genuine(stage);
    const step = Math.max(1, Math.floor(raw.body.length / 60));
    for (let index = 0; index < raw.body.length; index += step) {
      const verdict = await stage.wallet.verifyNotification(stage.account, changed(raw, index));
      expect([index, verdict.kind]).toEqual([index, 'refused']);
    }
  });

  test('one that is cut, empty, or not of this protocol is refused', async () => {
    const stage = at();
    const { raw } = await genuine(stage);
    for (const body of [
      raw.body.subarray(0, raw.body.length - 1),
      Buffer.alloc(0),
      Buffer.from('{}'),
      Buffer.from('a=b&sign=c'),
      Buffer.from('<xml/>'),
      Buffer.alloc(300_000, 'x'),
    ]) {
      const verdict = await stage.wallet.verifyNotification(stage.account, { ...raw, body });
      expect(verdict.kind).toBe('refused');
    }
    const bare = await stage.wallet.verifyNotification(stage.account, { ...raw, headers: {} });
    // A wallet whose signature is in the body needs no header but the content type.
    if (bare.kind === 'verified') expect(raw.body.toString()).toMatch(/sign(?:ature)?=/);
  });

  test('the wallet is answered in its own words, yes and no', () => {
    const { wallet } = at();
    expect(wallet.answerNotification(true).status).toBe(200);
    const no = wallet.answerNotification(false, 'not ours');
    expect([no.status === 200, no.body === wallet.answerNotification(true).body]).not.toEqual([
      true,
      true,
    ]);
  });
}
