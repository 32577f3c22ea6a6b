import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeForm } from '../../../protocols/union-pay/message.ts';
import { stamp } from '../../../protocols/union-pay/transactions.ts';
import { type Ear, openEar, openTestSandbox, Pen, type TestSandbox } from '../testing.ts';

/** The cashier as a browser without scripts sees it; `test/e2e` goes through it with one. */
const BACK = 'http://127.0.0.1:7/back';

let world: TestSandbox;
let ear: Ear;
let pen: Pen;
let orderId = '';

beforeAll(async () => {
  world = await openTestSandbox();
  ear = await openEar();
  pen = new Pen(world, ear.url);
});
beforeEach(() => {
  orderId = pen.orderId();
  ear.heard.length = 0;
});
afterAll(async () => {
  await ear.stop();
  await world.stop();
});

type Fields = Readonly<Record<string, string | undefined>>;

async function order(more: Fields = {}, changed: Fields = {}): Promise<Response> {
  const fields = pen.fields('01/01', {
    bizType: '000201',
    channelType: '07',
    orderId,
    txnAmt: '666',
    frontUrl: BACK,
    riskRateInfo: '{commodityName=<b>tea</b>}',
    ...more,
  });
  const signed = Object.fromEntries(await pen.sign(fields));
  const sent = Object.entries({ ...signed, ...changed }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return pen.post('/gateway/api/frontTransReq.do', encodeForm(new Map(sent)));
}

async function cashier(more: Fields = {}): Promise<string> {
  const answer = await order(more);
  expect(answer.status).toBe(302);
  return `${world.sandbox.url}${answer.headers.get('location')}`;
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
  return fetch(url, { method: 'POST', redirect: 'manual', headers: form, body });
}

function inputs(page: string): Record<string, string> {
  const unescaped = (text: string) =>
    text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) =>
      entity.replace(/&amp;|&lt;|&gt;|&quot;|&#39;/, (each) => ENTITIES[each] ?? each),
    );
  const found = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries([...found].map(([, name, value]) => [name, unescaped(value ?? '')]));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

describe('the cashier', () => {
  test('escapes what the merchant says, frames nowhere and loads nothing foreign', async () => {
    const answer = await fetch(await cashier());
    const text = await answer.text();
    expect(text).toContain('&lt;b&gt;tea&lt;/b&gt;');
    expect(text).not.toContain('<b>tea');
    expect(text).toContain('6.66');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self'");
  });

  test('speaks both languages', async () => {
    const url = await cashier();
    const english = await fetch(url, { headers: { 'accept-language': 'en-GB' } });
    expect(await english.text()).toContain('Log in as Lin Xiaoyu');
    const chinese = await fetch(url, { headers: { 'accept-language': 'zh-CN' } });
    expect(await chinese.text()).toContain('登录：林小雨');
  });

  test('brings a signed result back by POST, to the merchant’s page alone', async () => {
    const url = await cashier();
    await post(`${url}/login`, 'person=lin');
    const done = await post(`${url}/confirm`, 'person=lin&outcome=pay');
    expect(done.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:7;",
    );
    const page = await done.text();
    expect(page).toContain(`<form method="post" action="${BACK}" data-back>`);
    const told = inputs(page);
    expect(told).toMatchObject({ orderId, txnAmt: '666', respCode: '00', txnType: '01' });
    expect(() => pen.check(new Map(Object.entries(told)))).not.toThrow();
    const [heard] = await ear.hears(1);
    expect(heard?.message.get('queryId')).toBe(told['queryId']);
    const state = await (await fetch(`${url}/state`)).json();
    expect(state).toEqual({ state: 'paid' });
  });

  test('cancelled leaves the order payable; paid is paid once', async () => {
    const url = await cashier();
    await post(`${url}/login`, 'person=lin');
    await post(`${url}/confirm`, 'outcome=cancel');
    const before = world.sandbox.balance('lin');
    await post(`${url}/confirm`, 'person=lin&outcome=pay');
    const again = await post(`${url}/confirm`, 'person=lin&outcome=pay');
    expect(again.status).toBeLessThan(500);
    expect(world.sandbox.balance('lin')).toBe(before - 666n);
  });

  test('explains short money, nobody, and an order that is over', async () => {
    const url = await cashier();
    await post(`${url}/login`, 'person=poor');
    const short = await post(`${url}/confirm`, 'person=poor&outcome=pay');
    expect(await short.text()).toContain('余额不足');
    const heard = ear.heard.filter(({ message }) => message.get('orderId') === orderId);
    expect(heard).toEqual([]);
    const other = await post(`${url}/confirm`, 'person=lin&outcome=pay');
    expect(await other.text(), 'with another card').toContain('付款成功');
    const nobody = await post(`${url}/login`, 'person=__proto__');
    expect(nobody.status).toBe(400);
    orderId = pen.orderId();
    const payTimeout = stamp(new Date(world.clock.now().getTime() + 60_000));
    const late = await cashier({ payTimeout });
    world.clock.advance(61_000);
    const over = await (await post(`${late}/confirm`, 'person=chen&outcome=pay')).text();
    expect(over).toMatch(/超时|结束/);
    expect(await (await fetch(late)).text()).toContain('订单已结束或已超时');
  });

  test('gives a foreign Host or Origin nothing, but takes the order from anywhere', async () => {
    const url = await cashier();
    const foreign = { origin: 'http://evil.example' };
    expect((await post(`${url}/login`, 'person=lin', foreign)).status).toBe(403);
    expect((await post(`${url}/confirm`, 'person=lin&outcome=pay', foreign)).status).toBe(403);
    const status = await new Promise<number>((resolve, reject) => {
      const rebound = httpRequest(url, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      rebound.on('error', reject).end();
    });
    expect(status).toBe(403);
    orderId = pen.orderId();
    expect((await order()).status).toBe(302);
  });

  test.each(['/cashier/none', '/cashier/', '/cashier/none/state', '/cashier/%00', '//', '/x'])(
    'knows no %s',
    async (path) => {
      expect((await fetch(`${world.sandbox.url}${path}`)).status).toBe(404);
    },
  );

  test('is no door to an order that was not sent by browser', async () => {
    const { qrCode = '' } = await pen.call('backTransReq.do', '01/07', {
      orderId,
      txnAmt: '1',
    });
    const token = qrCode.split('/').at(-1) ?? '';
    expect((await fetch(`${world.sandbox.url}/cashier/${token}`)).status).toBe(404);
  });
});

describe('the browser’s form', () => {
  test.each<[string, Fields, Fields, string]>([
    ['changed on the way', {}, { txnAmt: '1' }, '11'],
    ['unsigned', {}, { signature: undefined }, '11'],
    ['of nobody', {}, { merId: '777290058119999' }, '31'],
    ['without a way back', { frontUrl: undefined }, {}, '13'],
    ['with a way back that is a script', { frontUrl: 'javascript:alert(1)' }, {}, '10'],
    ['of another product', { bizType: '000000' }, {}, '10'],
    ['of a trade that browsers do not bring', { txnType: '04', txnSubType: '00' }, {}, '32'],
    ['of a cent too little', { txnAmt: '0' }, {}, '10'],
  ])('%s is shown as wrong, with the code %s', async (_what, more, changed, code) => {
    const answer = await order(more, changed);
    expect(answer.status).toBe(200);
    const page = await answer.text();
    expect(page).toContain(`<p>${code} `);
    expect(page).not.toContain('<b>tea');
    expect(world.requests.list({ limit: 1 })).toMatchObject([{ verdict: code }]);
  });

  test('sent twice leads to the one order; with another amount to none', async () => {
    const txnTime = stamp(new Date());
    const first = await order({ txnTime });
    const again = await order({ txnTime });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await (await order({ txnTime, txnAmt: '1' })).text()).toContain('<p>12 ');
  });
});
