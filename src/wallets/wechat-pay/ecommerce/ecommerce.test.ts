import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import { type PaidOrder, poll, type Role } from '../../../sandbox/wechat-pay/sharing/testing.ts';
import type { Onboarding, SellerApplication } from '../../products/onboarding.ts';
import type { RefundOrder, Wallet, WalletAccount } from '../../wallet.ts';
import { type ConnectorBench, openConnectorBench } from '../testing.ts';

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

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

async function picture(account: WalletAccount): Promise<string> {
  const file = { name: 'licence.png', content_type: 'image/png', bytes: PNG };
  const outcome = await onboarding.upload?.(account, file);
  if (outcome?.kind !== 'uploaded') throw new Error(JSON.stringify(outcome));
  return outcome.picture;
}

async function application(
  account: WalletAccount,
  more: Partial<SellerApplication> = {},
): Promise<SellerApplication> {
  const media = await picture(account);
  return {
    application_reference: `A${newWalletReference(0)}`,
    kind: 'enterprise',
    name: '胡同茶业有限公司',
    short_name: '胡同茶',
    license_number: '91440300708461136T',
    legal_person: { name: '林小禾', id_number: '11010519491231002X', id_valid_until: '长期' },
    contact: { name: '林小禾', mobile: '13800138000', email: 'lin@example.com' },
    bank_account: {
      kind: 'corporate',
      bank: '招商银行',
      holder: '胡同茶业有限公司',
      number: '6214830123456789',
      city_code: '110000',
    },
    store: { name: '胡同茶铺', url: 'https://tea.example.com' },
    category: '716:零售',
    pictures: {
      business_license_copy: media,
      license_copy: media,
      id_card_copy: media,
      id_card_national: media,
    },
    ...more,
  };
}

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
