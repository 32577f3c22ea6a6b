import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  buildXml,
  type V2Parameters,
  type V2SignType,
  v2Signed,
} from '../../../protocols/wechat-pay/v2.ts';
import { callApi, merchantOf, type RunningSandbox, runSandbox } from '../testing.ts';
import { callV2, chargeOf, sendXml } from './testing.ts';

/** The second version over a socket: XML, its own signatures, its own words. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());
beforeEach(async () => {
  running.clock.offset_ms += 86_400_000;
  running.faults.set([]);
  await running.sandbox.setBalance('lin', 10_000_000n);
});

const raw = (path: string, xml: string) => sendXml(running, path, xml);

const call = (path: string, parameters: V2Parameters, type?: V2SignType, account?: string) =>
  callV2(running, {
    path,
    parameters,
    ...(type === undefined ? {} : { type }),
    ...(account === undefined ? {} : { account }),
  });

const charge = (more?: V2Parameters, person?: string) => chargeOf(running, more, person);

const query = (out_trade_no: string) => call('/pay/orderquery', { out_trade_no });

describe('a charge', () => {
  test.each(['MD5', 'HMAC-SHA256'] as const)('signed by %s is paid and queried', async (type) => {
    const body = charge({ attach: 'a&b', device_info: 'POS1' });
    const paid = await call('/pay/micropay', body, type);
    expect(paid).toMatchObject({
      result_code: 'SUCCESS',
      trade_type: 'MICROPAY',
      total_fee: '1234',
      cash_fee: '1234',
      attach: 'a&b',
      device_info: 'POS1',
      time_end: expect.stringMatching(/^\d{14}$/),
    });
    const { transaction_id = '' } = paid;
    const told = await call('/pay/orderquery', { transaction_id }, type);
    const { out_trade_no } = body;
    const payment = { transaction_id, out_trade_no, total_fee: '1234', attach: 'a&b' };
    expect(told).toMatchObject({ ...payment, trade_state: 'SUCCESS' });
  });

  test('is one order with the third version', async () => {
    const { out_trade_no } = charge();
    await call('/pay/micropay', { ...charge(), out_trade_no });
    const { mchid } = merchantOf(running);
    const target = `/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`;
    const { content } = await callApi(running, { method: 'GET', target });
    expect(content).toMatchObject({ trade_state: 'SUCCESS', trade_type: 'MICROPAY' });
  });

  test('sent again with another nonce tells that it is paid; changed, that the number is used', async () => {
    const body = charge();
    await call('/pay/micropay', body);
    const before = running.sandbox.balance('lin');
    expect((await call('/pay/micropay', body)).err_code).toBe('ORDERPAID');
    const other = await call('/pay/micropay', { ...body, total_fee: '1' });
    expect(other).toMatchObject({ result_code: 'FAIL', err_code: 'OUT_TRADE_NO_USED' });
    expect(running.sandbox.balance('lin')).toBe(before);
  });

  test('waits for the password', async () => {
    const body = charge({ total_fee: '100001' });
    expect((await call('/pay/micropay', body)).err_code).toBe('USERPAYING');
    expect((await query(body.out_trade_no)).trade_state).toBe('USERPAYING');
    await running.sandbox.answerPrompt(running.sandbox.prompts('lin')[0]?.id ?? '', 'pay');
    expect((await query(body.out_trade_no)).trade_state).toBe('SUCCESS');
  });

  test.each([
    [
      'an old code',
      async () => {
        const body = charge();
        running.clock.offset_ms += 60_000;
        return body;
      },
      'AUTHCODEEXPIRE',
    ],
    [
      'a code of another wallet',
      async () => charge({ auth_code: '281234567890123456' }),
      'AUTH_CODE_ERROR',
    ],
    [
      'an unknown code',
      async () => charge({ auth_code: '130000000000000000' }),
      'AUTH_CODE_INVALID',
    ],
    ['too little money', async () => charge({}, 'poor'), 'NOTENOUGH'],
    ['no body', async () => charge({ body: '' }), 'LACK_PARAMS'],
    ['a broken amount', async () => charge({ total_fee: '12.34' }), 'PARAM_ERROR'],
  ])('with %s fails', async (_name, body, code) => {
    expect(await call('/pay/micropay', await body())).toMatchObject({
      result_code: 'FAIL',
      err_code: code,
    });
  });
});

describe('a reversal', () => {
  test('gives the money back and needs no repetition', async () => {
    const body = charge();
    await call('/pay/micropay', body);
    const { out_trade_no } = body;
    const answer = await call('/secapi/pay/reverse', { out_trade_no });
    expect(answer).toMatchObject({ result_code: 'SUCCESS', recall: 'N' });
    expect(running.sandbox.balance('lin')).toBe(10_000_000n);
    expect((await query(out_trade_no)).trade_state).toBe('REVOKED');
    expect((await call('/secapi/pay/reverse', { out_trade_no })).recall).toBe('N');
  });

  test('asks to be repeated after a system error, and not after a definite no', async () => {
    const body = charge();
    await call('/pay/micropay', body);
    const { out_trade_no } = body;
    running.faults.set([{ fault: 'error_before_effect', probability: 1, remaining: 1 }]);
    const failed = await call('/secapi/pay/reverse', { out_trade_no });
    expect(failed).toMatchObject({ err_code: 'SYSTEMERROR', recall: 'Y' });
    expect((await query(out_trade_no)).trade_state).toBe('SUCCESS');
    const unknown = await call('/secapi/pay/reverse', { out_trade_no: 'NOSUCH' });
    expect(unknown).toMatchObject({ err_code: 'ORDERNOTEXIST', recall: 'N' });
    running.clock.offset_ms += 8 * 86_400_000;
    expect((await call('/secapi/pay/reverse', { out_trade_no })).err_code).toBe('REVERSE_EXPIRE');
  });
});

test('asking for the openid keeps the code for the one who asked', async () => {
  const { auth_code = '' } = charge();
  const { openid } = await call('/tools/authcodetoopenid', { auth_code });
  expect(openid).toMatch(/^o/);
  const partner = merchantOf(running, 'partner');
  const foreign = { ...charge(), auth_code, sub_mch_id: partner.sub_merchants[0] ?? '' };
  const refused = await call('/pay/micropay', foreign, 'MD5', 'partner');
  expect(refused.err_code).toBe('AUTH_CODE_INVALID');
  expect((await call('/pay/micropay', { ...charge(), auth_code })).openid).toBe(openid);
});

describe('who may call', () => {
  const signed = (key: string, more: V2Parameters = {}) => {
    const { appid, mchid } = merchantOf(running);
    return v2Signed({ appid, mch_id: mchid, ...charge(), ...more }, key, 'MD5');
  };

  test('a wrong key, a changed field and a missing signature are refused unsigned', async () => {
    const { api_v2_key } = merchantOf(running);
    const good = signed(api_v2_key);
    const { sign: _none, ...unsigned } = good;
    for (const bad of [signed('0'.repeat(32)), { ...good, total_fee: '1' }, unsigned]) {
      const { status, fields } = await raw('/pay/micropay', buildXml(bad));
      expect([status, fields]).toEqual([200, { return_code: 'FAIL', return_msg: '签名错误' }]);
    }
    expect(running.sandbox.balance('lin')).toBe(10_000_000n);
  });

  test('a signature of one kind does not pass as the other', async () => {
    const { api_v2_key } = merchantOf(running);
    const good = signed(api_v2_key);
    const { fields } = await raw('/pay/micropay', buildXml({ ...good, sign_type: 'HMAC-SHA256' }));
    expect(fields.return_code).toBe('FAIL');
  });

  test.each([
    '<xml><a>1</a>',
    '{"a":1}',
    '<!DOCTYPE xml [<!ENTITY a "b">]><xml><mch_id>&a;</mch_id></xml>',
    '<xml><mch_id><b>1</b></mch_id></xml>',
  ])('%s is no document', async (xml) => {
    const { fields } = await raw('/pay/micropay', xml);
    expect(fields).toEqual({ return_code: 'FAIL', return_msg: 'XML格式错误' });
  });

  test('nobody sees another merchant’s order', async () => {
    const body = charge();
    await call('/pay/micropay', body);
    const { out_trade_no } = body;
    const partner = merchantOf(running, 'partner');
    const asked = { out_trade_no, sub_mch_id: partner.sub_merchants[0] ?? '' };
    expect((await call('/pay/orderquery', asked, 'MD5', 'partner')).err_code).toBe('ORDERNOTEXIST');
  });
});
