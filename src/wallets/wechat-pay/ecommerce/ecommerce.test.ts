import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { type PaidOrder, poll, type Role } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import type { Onboarding, SellerApplication } from '../../products/onboarding.ts';
import type { RefundOrder, Wallet, WalletAccount } from '../../wallet.ts';
import { type ConnectorBench, openConnectorBench } from '../testing.ts';
import { sellerApplication } from './testing.ts';

/** A platform's refunds and sellers' applications through the connector. */
let bench: ConnectorBench;
let wallet: Wallet;
let onboarding: Onboarding;

beforeAll(async () => {
  bench = await openConnectorBench();
  wallet = bench.wallet;
  if (!wallet.onboarding) throw new Error('no onboarding');
  onboarding = wallet.onboarding;
});
afterAll(() => bench.stop());

const DAY_MS = 86_400_000;

const accountOf = (role: Role) => bench.walletAccount(role);

function refundOf(order: PaidOrder, amount: bigint): RefundOrder {
  return {
    wallet_reference: order.out_trade_no,
    refund_reference: newWalletReference(0),
    amount,
    payment_amount: BigInt(order.total),
    currency: 'CNY',
    reason: '退货 🍵',
    notify_url: bench.shop.notify_url,
    sub_merchant: order.seller,
  };
}

describe('a platform’s refund', () => {
  test('is accepted and arrives', async () => {
    const account = accountOf('platform');
    const refund = refundOf(await bench.paid('platform'), 2500n);
    expect(await wallet.refund(account, refund)).toMatchObject({
      kind: 'fact',
      fact: { state: 'pending', amount: 2500n, wallet_refund_id: expect.stringMatching(/^503/) },
    });
    await poll(() => wallet.queryRefund(account, refund)).toMatchObject({
      kind: 'fact',
      fact: { state: 'succeeded', amount: 2500n, refunded_at: expect.any(Date) },
    });
    const again = await wallet.refund(account, refund);
    expect(again.kind).toBe('fact');
    expect(await wallet.refund(account, { ...refund, amount: 2n })).toMatchObject({
      kind: 'refused',
      code: 'reference_reused',
    });
  });

  test('above the order, of nothing, or for nobody is refused as such', async () => {
    const account = accountOf('platform');
    const order = await bench.paid('platform');
    const refused = async (refund: RefundOrder) => {
      const outcome = await wallet.refund(account, refund);
      return outcome.kind === 'refused' ? outcome.code : outcome.kind;
    };
    expect(await refused(refundOf(order, 10_001n))).toBe('over_refund');
    expect(await refused({ ...refundOf(order, 1n), wallet_reference: 'NOSUCH1' })).toBe(
      'not_found',
    );
    const { sub_merchant: _, ...unnamed } = refundOf(order, 1n);
    expect(await refused(unnamed)).toBe('invalid_request');
    expect((await wallet.queryRefund(account, refundOf(order, 1n))).kind).toBe('not_found');
  });

  test('whose answer is lost is unknown, and done once', async () => {
    const account = accountOf('platform');
    const refund = refundOf(await bench.paid('platform'), 100n);
    const setting = { probability: 1, remaining: 1, operation: 'ecommerce.refund' };
    bench.running.faults.set([{ fault: 'timeout_after_effect', ...setting }]);
    expect((await wallet.refund(account, refund)).kind).toBe('unknown');
    bench.running.faults.set([]);
    const had = bench.running.sandbox.balance('lin');
    expect((await wallet.refund(account, refund)).kind).toBe('fact');
    expect(bench.running.sandbox.balance('lin') - had).toBeLessThanOrEqual(100n);
  });
});

const application = (account: WalletAccount, more?: Partial<SellerApplication>) =>
  sellerApplication(onboarding, account, more);

async function stateOf(account: WalletAccount, wanted: SellerApplication) {
  const outcome = await onboarding.query(account, wanted.application_reference);
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  return outcome.fact;
}

describe.each<Role>(['platform', 'partner'])('a seller of a %s', (role) => {
  test('applies, is reviewed, signs, and has a number', async () => {
    const account = accountOf(role);
    const wanted = await application(account);
    const submitted = await onboarding.submit(account, wanted);
    expect(submitted).toMatchObject({ kind: 'fact', fact: { state: 'reviewing' } });
    const trace = JSON.stringify(submitted.trace);
    for (const secret of ['11010519491231002X', '6214830123456789', '13800138000', '林小禾']) {
      expect(trace).not.toContain(secret);
    }
    bench.wait(60_000 + (role === 'partner' ? DAY_MS : 0));
    expect((await stateOf(account, wanted)).state).toBe('needs_verification');
    bench.wait(2 * DAY_MS);
    const ready = await stateOf(account, wanted);
    expect(ready.state).toBe('needs_signature');
    await fetch(ready.action_url ?? '', { method: 'POST', redirect: 'manual' });
    bench.wait(30 * 60_000);
    expect(await stateOf(account, wanted)).toMatchObject({
      state: 'finished',
      sub_merchant: expect.stringMatching(/^17/),
    });
  });

  test('that contradicts itself is rejected with reasons', async () => {
    const account = accountOf(role);
    const wanted = await application(account, { name: '别的有限公司' });
    await onboarding.submit(account, wanted);
    bench.wait(DAY_MS);
    expect(await stateOf(account, wanted)).toMatchObject({
      state: 'rejected',
      reasons: [{ field: expect.stringContaining('account_name'), message: expect.any(String) }],
    });
  });

  test('again is the same application, and an unknown one is not found', async () => {
    const account = accountOf(role);
    const wanted = await application(account);
    const [first, again] = [
      await onboarding.submit(account, wanted),
      await onboarding.submit(account, wanted),
    ];
    const id = (outcome: typeof first) =>
      outcome.kind === 'fact' ? outcome.fact.wallet_application_id : outcome.kind;
    expect(id(again)).toBe(id(first));
    expect((await onboarding.query(account, 'A-unknown')).kind).toBe('not_found');
  });

  test('without what the wallet asks for is not sent', async () => {
    const account = accountOf(role);
    const whole = await application(account);
    const { license_number: _, ...lacking } = whole;
    expect(await onboarding.submit(account, lacking)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('license_number'),
      trace: { duration_ms: 0 },
    });
  });
});

describe('an application that is taken back', () => {
  test('is over, any number of times, and its number is free', async () => {
    const account = accountOf('platform');
    const wanted = await application(account);
    await onboarding.submit(account, wanted);
    const { application_reference } = wanted;
    const revoke = () => onboarding.revoke?.(account, application_reference);
    expect((await revoke())?.kind).toBe('revoked');
    expect((await revoke())?.kind).toBe('revoked');
    bench.wait(3 * DAY_MS);
    expect((await stateOf(account, wanted)).state).toBe('rejected');
    const again = { ...wanted, short_name: '胡同新茶' };
    expect((await onboarding.submit(account, again)).kind).toBe('fact');
    expect((await stateOf(account, wanted)).state).toBe('reviewing');
  });

  test('is somebody’s own and not finished', async () => {
    const account = accountOf('platform');
    const wanted = await application(account, { kind: 'micro', ...person() });
    await onboarding.submit(account, wanted);
    bench.wait(2 * DAY_MS);
    const { action_url } = await stateOf(account, wanted);
    await fetch(action_url ?? '', { method: 'POST', redirect: 'manual' });
    expect((await stateOf(account, wanted)).state).toBe('finished');
    const { application_reference } = wanted;
    expect(await onboarding.revoke?.(account, application_reference)).toMatchObject({
      kind: 'refused',
      trace: { wallet_code: 'INVALID_REQUEST' },
    });
    expect((await onboarding.revoke?.(account, 'A-unknown'))?.kind).toBe('not_found');
    const partner = await onboarding.revoke?.(accountOf('partner'), application_reference);
    expect(partner).toMatchObject({ kind: 'refused', trace: { duration_ms: 0 } });
  });
});

/** The account of a seller without a company is the person's own. */
function person(): Partial<SellerApplication> {
  const bank_account = {
    kind: 'personal',
    bank: '招商银行',
    holder: '林小禾',
    number: '6214830123456789',
  } as const;
  return { name: '林小禾', bank_account };
}

test('a corporate account is proven by a transfer that the seller is told of', async () => {
  const account = accountOf('platform');
  const wanted = await application(account);
  await onboarding.submit(account, wanted);
  bench.wait(60_000);
  const { proof_transfer } = await stateOf(account, wanted);
  expect(proof_transfer?.amount).toBeGreaterThan(0n);
  expect(proof_transfer?.to_account).toMatch(/^\d+$/);
});

test('a direct merchant has no sellers', async () => {
  const wanted = await application(accountOf('partner'));
  const outcome = await onboarding.submit(accountOf('direct'), wanted);
  expect(outcome).toMatchObject({ kind: 'refused', trace: { duration_ms: 0 } });
});
