import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FAULTS } from '../../src/sandbox/faults.ts';
import { call, type PhoneRig, startPhoneRig } from './phone-rig.ts';

/** The fault dial, on the page and by its API. */
let rig: PhoneRig;

beforeAll(async () => {
  rig = await startPhoneRig();
});
beforeEach(() => {
  for (const dial of Object.values(rig.wallets.faults)) {
    dial.set([]);
    dial.sentinels = false;
  }
});

const hand = { person: 'lin-xia', wallet: 'alipay' };
const home = () => call(rig.phone, '/?person=lin-xia&wallet=alipay');
const set = (json: object) => call(rig.phone, '/api/faults', { json });

describe('the page', () => {
  test('has every fault once, in sections that open where one is set', async () => {
    const before = (await home()).text;
    for (const fault of FAULTS) {
      expect(before.match(new RegExp(`<select id="${fault}"`, 'g'))).toHaveLength(1);
    }
    expect(before.match(/<details class="group" open/g)).toBeNull();
    await call(rig.phone, '/faults', { form: { ...hand, payer_short: 'always' } });
    const after = (await home()).text;
    expect(after.match(/<details class="group" open/g)).toHaveLength(1);
    expect(after).toMatch(/<summary>The payer<span class="on">1 on<\/span>/);
  });

  test('sets a fault for one operation and amount, beside the same fault for all', async () => {
    const form = { ...hand, fault: 'error_after_effect', operation: 'alipay.trade.refund' };
    await call(rig.phone, '/fault', { form: { ...form, amount: '12.5', count: '3' } });
    await call(rig.phone, '/fault', { form: { ...form, percent: '25', seed: '7' } });
    await call(rig.phone, '/faults', { form: { ...hand, error_after_effect: 'once' } });
    expect(rig.wallets.faults.alipay.settings).toEqual([
      {
        fault: 'error_after_effect',
        probability: 1,
        remaining: 3,
        operation: 'alipay.trade.refund',
        amount: 1_250n,
      },
      { fault: 'error_after_effect', probability: 0.25, operation: 'alipay.trade.refund' },
      { fault: 'error_after_effect', probability: 1, remaining: 1 },
    ]);
    const page = (await home()).text;
    expect(page).toContain('alipay.trade.refund · ¥12.50 · × 3');
    await call(rig.phone, '/fault', { form: { ...hand, clear: 'yes' } });
    expect(rig.wallets.faults.alipay.settings).toHaveLength(1);
  });

  test('takes nothing that narrows nothing, and no amount that is none', async () => {
    for (const amount of ['', '-1', 'x', '1.234']) {
      await call(rig.phone, '/fault', { form: { ...hand, fault: 'payer_short', amount } });
    }
    expect(rig.wallets.faults.alipay.settings).toEqual([]);
  });

  test('offers the operations by the names the dial knows', async () => {
    expect((await home()).text).toContain('<option value="alipay.trade.refund">');
    const wechat = await call(rig.phone, '/?person=lin-xia&wallet=wechat_pay');
    expect(wechat.text).toContain('<option value="transfer.create">');
  });
});

describe('amounts that mean a fault', () => {
  test('strike once they are switched on for a wallet, and for it alone', async () => {
    await call(rig.phone, '/sentinels', { form: { ...hand, on: 'yes' } });
    expect(rig.wallets.faults.alipay.sentinels).toBe(true);
    expect(rig.wallets.faults.wechat_pay.sentinels).toBe(false);
    const shown = (await call(rig.phone, '/api/faults')).json()['sentinels'];
    expect(shown).toMatchObject({ alipay: true, wechat_pay: false });
    await set({ wallet: 'alipay', sentinels: false });
    expect(rig.wallets.faults.alipay.sentinels).toBe(false);
  });

  test('make a charge by payer code fall short', async () => {
    await set({ wallet: 'alipay', sentinels: true });
    const code = async () => {
      const path = '/api/people/chen-yu/payer-code?wallet=alipay';
      return String((await call(rig.phone, path)).json()['code']);
    };
    expect((await rig.charge('alipay', 1_032n, await code())).kind).toBe('refused');
    expect((await rig.charge('alipay', 1_000n, await code())).kind).toBe('fact');
  });
});

describe('the API', () => {
  test('takes and shows amounts as fen, one setting a place', async () => {
    const one = { wallet: 'alipay', fault: 'payer_short', amount: 500 };
    await set({ ...one, count: 2 });
    await set({ ...one, count: 5 });
    const answer = await set({ wallet: 'alipay', fault: 'payer_short' });
    expect(answer.json()['data']).toMatchObject({
      alipay: [
        { fault: 'payer_short', probability: 1, amount: 500, remaining: 5 },
        { fault: 'payer_short', probability: 1 },
      ],
    });
    await set({ ...one, probability: 0 });
    expect(rig.wallets.faults.alipay.settings).toHaveLength(1);
  });

  test.each([
    { wallet: 'alipay', fault: 'payer_short', amount: 0 },
    { wallet: 'alipay', fault: 'payer_short', amount: 1.5 },
    { wallet: 'alipay', fault: 'payer_short', operation: '' },
    { wallet: 'gold', sentinels: true },
    { wallet: 'alipay', sentinels: 'yes' },
  ])('refuses %j', async (json) => {
    expect((await set(json)).status).toBe(400);
  });
});
