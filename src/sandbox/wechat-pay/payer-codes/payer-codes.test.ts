import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { memoryJournal, SandboxStore } from '../../store.ts';
import { callApi, merchantOf, nativeOrder, type RunningSandbox, runSandbox } from '../testing.ts';

/** A person shows a code, the shop scans it. */
let running: RunningSandbox;
let counter = 0;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

/** Each test on a day of its own, with money in every purse and a quiet dial. */
beforeEach(async () => {
  running.clock.offset_ms += 86_400_000;
  running.faults.set([]);
  await running.sandbox.setBalance('lin', 10_000_000n);
});

const ROOT = '/v3/pay/transactions';

function post(target: string, body: object, account = 'direct') {
  return callApi(running, { method: 'POST', target, body, account });
}

function charge(more: Record<string, unknown> = {}, person = 'lin') {
  const { appid, mchid } = merchantOf(running);
  counter += 1;
  return {
    appid,
    mchid,
    description: '龙井茶 250g',
    out_trade_no: `B${Date.now()}N${counter}`,
    payer: { auth_code: running.sandbox.payerCode(person).code },
    amount: { total: 1234, currency: 'CNY' },
    scene_info: { store_info: { out_id: 'A1' }, device_id: 'POS1' },
    ...more,
  };
}

const codepay = (body: object, account?: string) => post(`${ROOT}/codepay`, body, account);
const big = { amount: { total: 100_001, currency: 'CNY' } };

async function stateOf({ out_trade_no, mchid }: { out_trade_no: string; mchid: string }) {
  const target = `${ROOT}/out-trade-no/${out_trade_no}?mchid=${mchid}`;
  return (await callApi(running, { method: 'GET', target })).content.trade_state;
}

function reverse({ out_trade_no, appid, mchid }: ReturnType<typeof charge>) {
  return post(`${ROOT}/out-trade-no/${out_trade_no}/reverse`, { appid, mchid });
}

describe('a code', () => {
  test('has 18 digits and stays for a minute', async () => {
    const { code, expires_at } = running.sandbox.payerCode('chen');
    expect(code).toMatch(/^1[0-4]\d{16}$/);
    expect(running.sandbox.payerCode('chen').code).toBe(code);
    expect(expires_at.getTime() - running.clock.now().getTime()).toBeLessThanOrEqual(60_000);
    running.clock.offset_ms += 60_000;
    expect(running.sandbox.payerCode('chen').code).not.toBe(code);
    const late = await codepay(charge({ payer: { auth_code: code } }));
    expect([late.status, late.content.code]).toEqual([403, 'AUTH_CODE_EXPIRED']);
  });

  test('is spent by its first charge, also by one that fails', async () => {
    const paid = charge();
    expect((await codepay(paid)).status).toBe(200);
    expect((await codepay(charge({ payer: paid.payer }))).content.code).toBe('AUTH_CODE_INVALID');
    const poor = charge({}, 'poor');
    expect((await codepay(poor)).content.code).toBe('NOT_ENOUGH');
    expect((await codepay(charge({ payer: poor.payer }))).content.code).toBe('AUTH_CODE_INVALID');
    expect(running.sandbox.payerCode('poor').code).not.toBe(poor.payer.auth_code);
  });

  test.each([
    ['of another wallet', '281234567890123456', 'AUTH_CODE_ERROR'],
    ['that nobody shows', '130000000000000000', 'AUTH_CODE_INVALID'],
    ['with letters', '13000000000000000x', 'AUTH_CODE_ERROR'],
  ])('%s leaves no order behind', async (_name, auth_code, code) => {
    const body = charge({ payer: { auth_code } });
    expect((await codepay(body)).content.code).toBe(code);
    expect(await stateOf(body)).toBeUndefined();
    const { payer } = charge();
    expect((await codepay({ ...body, payer })).status).toBe(200);
  });
});

describe('a charge', () => {
  test('is paid at once and tells everything, without any notice', async () => {
    const body = charge({ attach: 'a' });
    const { status, content } = await codepay(body);
    expect(status).toBe(200);
    expect(content).toMatchObject({
      trade_state: 'SUCCESS',
      trade_type: 'MICROPAY',
      attach: 'a',
      amount: { total: 1234, payer_total: 1234 },
      scene_info: { device_id: 'POS1' },
      payer: { openid: expect.stringMatching(/^o/) },
    });
    expect(running.sandbox.pendingNotifications()).toBe(0);
  });

  test('sent twice takes money once', async () => {
    const body = charge();
    const before = running.sandbox.balance('lin');
    await codepay(body);
    const again = await codepay(body);
    expect([again.status, again.content.code]).toEqual([400, 'ORDERPAID']);
    expect(running.sandbox.balance('lin')).toBe(before - 1234n);
    const other = await codepay({ ...body, amount: { total: 1, currency: 'CNY' } });
    expect(other.content.code).toBe('INVALID_REQUEST');
  });

  test('above 1000 yuan waits for the password; the person pays', async () => {
    const body = charge(big);
    const { status, content } = await codepay(body);
    expect([status, content.code]).toEqual([202, 'USERPAYING']);
    expect(await stateOf(body)).toBe('USERPAYING');
    const [prompt] = running.sandbox.prompts('lin');
    expect(prompt).toMatchObject({ payee: '胡同集市', amount: 100_001n });
    const id = prompt?.id ?? '';
    await expect(running.sandbox.answerPrompt(id, 'wrong_password')).rejects.toMatchObject({
      code: 'wrong_password',
    });
    expect(await running.sandbox.answerPrompt(id, 'pay')).toEqual({ state: 'paid' });
    expect(await stateOf(body)).toBe('SUCCESS');
    expect(running.sandbox.prompts('lin')).toEqual([]);
    await expect(running.sandbox.answerPrompt(id, 'pay')).rejects.toMatchObject({
      code: 'prompt_over',
    });
  });

  test('of exactly 1000 yuan does not', async () => {
    expect((await codepay(charge({ amount: { total: 100_000 } }))).status).toBe(200);
  });

  test('waits from the sixth one on without a password on a day', async () => {
    for (let paid = 0; paid < 5; paid += 1) expect((await codepay(charge())).status).toBe(200);
    const sixth = charge();
    expect((await codepay(sixth)).status).toBe(202);
    await reverse(sixth);
    running.clock.offset_ms += 86_400_000;
    expect((await codepay(charge())).status).toBe(200);
  });

  test('fails when the person declines, or does nothing', async () => {
    const declined = charge(big);
    await codepay(declined);
    await running.sandbox.answerPrompt(running.sandbox.prompts('lin')[0]?.id ?? '', 'cancel');
    expect(await stateOf(declined)).toBe('PAYERROR');
    const ignored = charge(big);
    await codepay(ignored);
    running.clock.offset_ms += 45_000;
    expect(running.sandbox.prompts('lin')).toEqual([]);
    expect(await stateOf(ignored)).toBe('PAYERROR');
  });

  test('waits or fails where the dial says so', async () => {
    running.faults.set([{ fault: 'password_asked', probability: 1, amount: 777n }]);
    const asked = charge({ amount: { total: 777 } });
    expect((await codepay(asked)).status).toBe(202);
    await reverse(asked);
    running.faults.set([{ fault: 'payer_short', probability: 1, remaining: 1 }]);
    const short = charge();
    expect((await codepay(short)).content.code).toBe('NOT_ENOUGH');
    expect(await stateOf(short)).toBe('PAYERROR');
    expect(running.sandbox.balance('lin')).toBe(10_000_000n);
  });

  test('cannot be closed, only reversed', async () => {
    const body = charge(big);
    await codepay(body);
    const target = `${ROOT}/out-trade-no/${body.out_trade_no}/close`;
    const answer = await post(target, { mchid: body.mchid });
    expect([answer.status, answer.content.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(answer.headers.get('request-id')).toMatch(/-268449641$/);
  });
});

describe('a reversal', () => {
  test('gives all money back, and the fee, once', async () => {
    const body = charge();
    const { mchid } = body;
    const owed = running.sandbox.merchantBalances().get(mchid) ?? 0n;
    await codepay(body);
    expect((await reverse(body)).status).toBe(200);
    const again = await reverse(body);
    expect(again.content).toEqual({ appid: body.appid, mchid, out_trade_no: body.out_trade_no });
    expect(running.sandbox.balance('lin')).toBe(10_000_000n);
    expect(running.sandbox.merchantBalances().get(mchid)).toBe(owed);
    expect(await stateOf(body)).toBe('REVOKED');
    const entries = running.store.collection<{
      reference: string;
      direction: string;
      amount: bigint;
    }>('fund_entries');
    const moved = [...entries.values()].filter((each) => each.reference === body.out_trade_no);
    const sum = moved.reduce(
      (total, { direction, amount }) => total + (direction === 'in' ? amount : -amount),
      0n,
    );
    expect(moved.length).toBeGreaterThan(1);
    expect(sum).toBe(0n);
    expect((await codepay(body)).content.code).toBe('ORDER_REVERSED');
  });

  test('takes the prompt away from the person', async () => {
    const body = charge(big);
    await codepay(body);
    const [prompt] = running.sandbox.prompts('lin');
    expect((await reverse(body)).status).toBe(200);
    expect(running.sandbox.prompts('lin')).toEqual([]);
    await expect(running.sandbox.answerPrompt(prompt?.id ?? '', 'pay')).rejects.toMatchObject({
      code: 'prompt_over',
    });
    expect(await stateOf(body)).toBe('REVOKED');
  });

  test('is refused after seven days, after a refund, and for other orders', async () => {
    const late = charge();
    await codepay(late);
    running.clock.offset_ms += 7 * 86_400_000 + 1000;
    expect((await reverse(late)).status).toBe(400);
    expect(await stateOf(late)).toBe('SUCCESS');
    const refunded = charge();
    await codepay(refunded);
    await post('/v3/refund/domestic/refunds', {
      out_trade_no: refunded.out_trade_no,
      out_refund_no: `R${refunded.out_trade_no}`,
      amount: { refund: 1, total: 1234, currency: 'CNY' },
    });
    expect((await reverse(refunded)).status).toBe(400);
    const { body } = await nativeOrder(running);
    expect((await reverse({ ...charge(), ...body })).status).toBe(400);
    expect((await reverse(charge())).content.code).toBe('ORDER_NOT_EXIST');
  });
});

test('a partner charges for its seller; a platform has no payer codes', async () => {
  const sellersCharge = (account: string) => {
    const { appid, mchid, sub_merchants } = merchantOf(running, account);
    const { appid: _a, mchid: _m, ...rest } = charge();
    return { ...rest, sp_appid: appid, sp_mchid: mchid, sub_mchid: sub_merchants[0] };
  };
  const target = '/v3/pay/partner/transactions/codepay';
  const body = sellersCharge('partner');
  const paid = await post(target, body, 'partner');
  expect(paid.content).toMatchObject({ sub_mchid: body.sub_mchid, trade_state: 'SUCCESS' });
  const { sp_appid, sp_mchid, sub_mchid, out_trade_no } = body;
  const reversed = await post(
    `/v3/pay/partner/transactions/out-trade-no/${out_trade_no}/reverse`,
    { sp_appid, sp_mchid, sub_mchid },
    'partner',
  );
  expect(reversed.content).toEqual({ sp_appid, sp_mchid, sub_mchid, out_trade_no });
  expect((await post(target, sellersCharge('platform'), 'platform')).content.code).toBe('NO_AUTH');
});

test('codes, prompts and the count of the day outlive a restart', async () => {
  const store = await SandboxStore.open(memoryJournal);
  const first = await runSandbox({ store });
  const { code } = first.sandbox.payerCode('chen');
  const own = merchantOf(first);
  const body = { ...charge(big), appid: own.appid, mchid: own.mchid };
  const payer = { auth_code: first.sandbox.payerCode('lin').code };
  const target = `${ROOT}/codepay`;
  const sent = await callApi(first, { method: 'POST', target, body: { ...body, payer } });
  expect(sent.status).toBe(202);
  await first.sandbox.stop();
  const second = await runSandbox({ store, keys_dir: first.keys_dir });
  expect(second.sandbox.payerCode('chen').code).toBe(code);
  const [prompt] = second.sandbox.prompts('lin');
  expect(await second.sandbox.answerPrompt(prompt?.id ?? '', 'pay')).toEqual({ state: 'paid' });
  await second.stop();
  await first.stop();
});
