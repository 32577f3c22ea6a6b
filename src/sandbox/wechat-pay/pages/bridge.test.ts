import { createPrivateKey } from 'node:crypto';
import { Script } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signBridgeCall } from '../../../protocols/wechat-pay/bridge.ts';
import { newNonce, unixSeconds } from '../../../protocols/wechat-pay/signature.ts';
import {
  callApi,
  merchantOf,
  nativeOrder,
  orderBody,
  pay,
  type RunningSandbox,
  runSandbox,
} from '../testing.ts';

/** The call a merchant's page makes inside WeChat, and what the wallet checks of it. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

async function query(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  const target = `/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`;
  return (await callApi(running, { method: 'GET', target })).content;
}

describe('the bridge', () => {
  /** The openid of Lin, from an order she paid. */
  async function payer() {
    const { code, out_trade_no } = await nativeOrder(running);
    await pay(running, code);
    return (await query(out_trade_no)).payer;
  }

  async function jsapiCall() {
    const { appid, private_key } = merchantOf(running);
    const body = orderBody(running, { payer: await payer() });
    const target = '/v3/pay/transactions/jsapi';
    const { content } = await callApi(running, { method: 'POST', target, body });
    const params = await signBridgeCall(createPrivateKey(private_key), {
      appId: appid,
      timeStamp: unixSeconds(new Date()),
      nonceStr: newNonce(),
      package: `prepay_id=${String(content.prepay_id)}`,
    });
    return { params, out_trade_no: body.out_trade_no };
  }

  async function ask(path: string, content: object, origin = 'http://127.0.0.1:8080') {
    const answer = await fetch(`${running.sandbox.url}/bridge/${path}`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify(content),
    });
    const text = await answer.text();
    return {
      answer,
      content: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  test('opens a rightly signed call, and paying it pays the order', async () => {
    const { params, out_trade_no } = await jsapiCall();
    const { answer, content } = await ask('open', params);
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:8080');
    expect(content).toMatchObject({ amount: 1234, description: '龙井茶 250g' });
    expect((await ask('confirm', { scan: content.scan, outcome: 'pay' })).content).toEqual({
      state: 'paid',
    });
    expect((await query(out_trade_no)).trade_state).toBe('SUCCESS');
  });

  test('refuses a call whose parameters were changed', async () => {
    const { params } = await jsapiCall();
    const other = await jsapiCall();
    for (const change of [
      { package: other.params.package },
      { timeStamp: '1' },
      { nonceStr: 'x' },
      { appId: 'wx1' },
      { paySign: other.params.paySign },
      { signType: 'MD5' },
    ]) {
      const { content } = await ask('open', { ...params, ...change });
      expect(content).toEqual({ error: 'bad_pay_sign' });
    }
  });

  test('lets the phone of the payer open the call, and nobody else', async () => {
    const { params } = await jsapiCall();
    const code = JSON.stringify(params);
    expect(await running.sandbox.scan('lin', code)).toMatchObject({ amount: 1234n });
    await expect(running.sandbox.scan('chen', code)).rejects.toMatchObject({ code: 'other_payer' });
  });

  test('answers no page from elsewhere', async () => {
    const { params } = await jsapiCall();
    expect((await ask('open', params, 'https://evil.example')).answer.status).toBe(403);
  });

  test('refuses an openid of nobody when the order is made', async () => {
    const body = orderBody(running, { payer: { openid: `o${'x'.repeat(27)}` } });
    const target = '/v3/pay/transactions/jsapi';
    const { status, content } = await callApi(running, { method: 'POST', target, body });
    expect([status, content.code]).toEqual([400, 'PARAM_ERROR']);
  });

  test('is a script that names this sandbox', async () => {
    const script = await (await fetch(`${running.sandbox.url}/bridge.js`)).text();
    expect(script).toContain(JSON.stringify(running.sandbox.url));
    expect(() => new Script(script)).not.toThrow();
  });
});
