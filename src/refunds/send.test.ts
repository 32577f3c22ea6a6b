import { beforeAll, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { createAttempt } from '../attempts/create.ts';
import { brokenLaws } from '../check/run.ts';
import { LAWS } from '../laws/every.ts';
import type { Payment } from '../payments/payment.ts';
import { createRefund } from './create.ts';
import { findRefunds } from './find.ts';

/** Which refunds of a payment wait for which others. */
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
});

async function codeAt(payment: Payment, wallet: 'alipay' | 'wechat_pay'): Promise<string> {
  const wish = { payment, wallet, presentation: 'qr', client_ip: '127.0.0.1' } as const;
  const { presentation_data: shown } = await createAttempt(rig.app, wish);
  if (shown?.kind !== 'qr') throw new Error(`${wallet} shows no code`);
  return shown.qr;
}

test('money paid twice goes back whatever a refund at the other wallet waits for', async () => {
  const payment = await rig.create({ amount: 4_000n });
  // A code of Alipay that nobody scanned cannot be closed there: it lives on.
  const first = await codeAt(payment, 'alipay');
  const second = await codeAt(await rig.reload(payment), 'wechat_pay');
  rig.faults.alipay.set([
    { fault: 'notification_lost', probability: 1 },
    { fault: 'error_before_effect', probability: 1 },
  ]);
  await rig.payAt('alipay', first);
  await rig.payAt('wechat_pay', second);
  const paid = await rig.until(
    () => rig.reload(payment),
    ({ state }) => state === 'succeeded',
  );
  rig.faults.wechat_pay.set([{ fault: 'merchant_short', probability: 1 }]);
  const asked = { amount: 1_000n, reference: 'short', reason: 'broken', metadata: {} };
  const short = await createRefund(rig.app, { payment: paid, ...asked });
  expect(short.state).toBe('created');
  rig.faults.alipay.set([]);
  const states = async () =>
    (await findRefunds(rig.app, payment)).map(({ origin, state }) => `${origin} ${state}`);
  await rig.until(states, (all) => all.includes('double_payment succeeded'));
  expect(await states()).toContain('requested created');
  rig.faults.wechat_pay.set([]);
  await rig.until(states, (all) => all.includes('requested succeeded'));
  expect(await rig.expectBooksEqual()).toEqual([]);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
