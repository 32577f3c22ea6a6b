import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi, merchantOf, orderBody, type RunningSandbox, runSandbox } from '../testing.ts';

/** What a payer's browser meets: the h5 cashier and the login. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

const SHOP = 'http://127.0.0.1:9/orders/1?a=b&c=d';

function open(url: string, init: RequestInit = {}) {
  return fetch(url, { redirect: 'manual', ...init });
}

async function state(out_trade_no: string) {
  const { mchid } = merchantOf(running);
  const target = `/v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mchid}`;
  return (await callApi(running, { method: 'GET', target })).content.trade_state;
}

async function h5Order(more: Record<string, unknown> = {}) {
  const scene_info = { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } };
  const body = orderBody(running, { scene_info, ...more });
  const target = '/v3/pay/transactions/h5';
  const { content } = await callApi(running, { method: 'POST', target, body });
  const url = `${String(content.h5_url)}&redirect_url=${encodeURIComponent(SHOP)}`;
  return { url, body, out_trade_no: body.out_trade_no };
}

async function login(person: string) {
  const { appid, app_secret } = merchantOf(running);
  const query = new URLSearchParams({
    appid,
    redirect_uri: 'http://127.0.0.1:9/login',
    response_type: 'code',
    scope: 'snsapi_base',
    state: 'the state',
    person,
  });
  const answer = await open(`${running.sandbox.url}/connect/oauth2/authorize?${query}`);
  const back = new URL(answer.headers.get('location') ?? '');
  const code = back.searchParams.get('code') ?? '';
  return {
    answer,
    back,
    exchange: (change = {}) => exchange({ appid, secret: app_secret, code, ...change }),
  };
}

async function exchange(given: Record<string, string>): Promise<Record<string, unknown>> {
  const query = new URLSearchParams({ grant_type: 'authorization_code', ...given });
  const answer = await fetch(`${running.sandbox.url}/sns/oauth2/access_token?${query}`);
  return (await answer.json()) as Record<string, unknown>;
}

describe('the h5 page', () => {
  async function confirm(url: string, outcome: string, headers: Record<string, string> = {}) {
    const page = await (await open(url, { headers: { cookie: 'hutong_person=lin' } })).text();
    const scan = /name="scan" value="(\w+)"/.exec(page)?.[1] ?? '';
    const body = new URLSearchParams({ scan, outcome, redirect_url: SHOP });
    const { origin, pathname } = new URL(url);
    return open(origin + pathname, { method: 'POST', body, headers });
  }

  test('asks who pays, shows what, takes the money and goes back to the shop', async () => {
    const { url, out_trade_no } = await h5Order();
    const chooser = await (await open(url)).text();
    expect(chooser).toContain('person=chen');
    expect(chooser).toContain('林小禾');
    const page = await (
      await open(`${url}&person=lin`, { headers: { 'accept-language': 'en' } })
    ).text();
    expect(page).toContain('¥12.34');
    expect(page).toContain('Pay now');
    const answer = await confirm(url, 'pay');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(SHOP);
    expect(await state(out_trade_no)).toBe('SUCCESS');
  });

  test('goes back to the shop after a cancel, and the order stays open', async () => {
    const { url, out_trade_no } = await h5Order();
    expect((await confirm(url, 'cancel')).headers.get('location')).toBe(SHOP);
    expect(await state(out_trade_no)).toBe('NOTPAY');
  });

  test('lives five minutes, and an older link is void after ordering again', async () => {
    const { url, body } = await h5Order();
    running.clock.offset_ms = 5 * 60_000;
    expect(await (await open(`${url}&person=lin`)).text()).toContain('已失效');
    running.clock.offset_ms = 0;
    expect(await (await open(`${url}&person=lin`)).text()).toContain('¥12.34');
    await callApi(running, { method: 'POST', target: '/v3/pay/transactions/h5', body });
    expect(await (await open(`${url}&person=lin`)).text()).toContain('已失效');
    await expect(running.sandbox.scan('lin', url)).rejects.toMatchObject({ code: 'code_expired' });
  });

  test('can be opened by the phone as a link', async () => {
    const { url } = await h5Order();
    expect(await running.sandbox.scan('lin', url)).toMatchObject({ amount: 1234n });
  });

  test('refuses a form from another origin and a redirect that is no web address', async () => {
    const { url, out_trade_no } = await h5Order();
    expect((await confirm(url, 'pay', { origin: 'https://evil.example' })).status).toBe(403);
    expect(await state(out_trade_no)).toBe('NOTPAY');
    const script = `${url.split('&redirect_url')[0]}&redirect_url=javascript:alert(1)`;
    expect((await open(script)).status).toBe(400);
  });

  test('shows what an order says as text, never as markup', async () => {
    const { url } = await h5Order({ description: '<script>alert(1)</script>' });
    const page = await (await open(`${url}&person=lin`)).text();
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>');
  });

  test('is not served to a name that someone pointed at this port', async () => {
    const { url } = await h5Order();
    const status = await new Promise((resolve, reject) => {
      request(url, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});

describe('the login', () => {
  test('gives a code that is worth the openid once', async () => {
    const { answer, back, exchange: use } = await login('lin');
    expect(answer.status).toBe(302);
    expect(back.searchParams.get('state')).toBe('the state');
    expect(await use({ secret: 'x' })).toMatchObject({ errcode: 40125 });
    const token = await use();
    expect(token.openid).toMatch(/^o[\w-]{27}$/);
    expect(await use()).toMatchObject({ errcode: 40163 });
    expect(await use({ code: 'x' })).toMatchObject({ errcode: 40029 });
    expect(await use({ appid: 'wx1' })).toMatchObject({ errcode: 40013 });
  });

  test('gives one openid per person, again and again', async () => {
    const [first, again, chen] = await Promise.all(
      ['lin', 'lin', 'chen'].map(async (person) => (await (await login(person)).exchange()).openid),
    );
    expect(again).toBe(first);
    expect(chen).not.toBe(first);
  });

  test('asks who it is when nobody said', async () => {
    const { appid } = merchantOf(running);
    const query = new URLSearchParams({ appid, redirect_uri: 'http://127.0.0.1:9/login' });
    const url = `${running.sandbox.url}/connect/oauth2/authorize?${query}`;
    const answer = await open(url);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('person=lin');
    expect((await open(url, { headers: { cookie: 'hutong_person=lin' } })).status).toBe(302);
    expect((await open(url.replace('redirect_uri=http', 'redirect_uri=data'))).status).toBe(400);
    expect((await open(url.replace(appid, 'wx1'))).status).toBe(400);
  });
});

test('developers see the last calls and the verdict on each', async () => {
  await callApi(running, { method: 'GET', target: '/v3/nothing' });
  const answer = await fetch(`${running.sandbox.url}/__sandbox/requests`);
  const { data } = (await answer.json()) as { data: Record<string, unknown>[] };
  expect(data[0]).toMatchObject({ target: '/v3/nothing', status: 404, verdict: 'NOT_FOUND' });
});

test('a page of another origin gives no coupons', async () => {
  const give = (origin: string) =>
    fetch(`${running.sandbox.url}/__sandbox/actions/coupons/give`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ person: 'lin', amount: 1 }),
    });
  expect((await give('https://evil.example')).status).toBe(403);
  expect((await give(running.sandbox.url)).status).toBe(200);
});
