import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type LoggedRequest, RequestLog } from '../requests.ts';
import { ActionRefusal, sandboxAction } from './actions.ts';
import { Admin, type AdminAnswer, type AdminOptions, type AdminRequest } from './admin.ts';

/** The developers' desk without a server: what each wallet's server hands it. */
const TOKEN = 'a-token-for-this-test';

function entry(more: Partial<LoggedRequest> = {}): Omit<LoggedRequest, 'number' | 'at'> {
  return {
    method: 'POST',
    target: '/v3/pay/transactions/native',
    operation: 'native',
    caller: '1600000001',
    status: 200,
    verdict: 'ok',
    reason: null,
    signature: { state: 'valid', hint: '' },
    duration_ms: 3,
    wallet_request_id: '08ABC-0',
    request_body: '{"amount":{"total":1}}',
    answer_body: '{"code_url":"weixin://wxpay/bizpayurl?pr=x"}',
    fault: null,
    ...more,
  };
}

const paid: unknown[] = [];

function desk(more: Partial<AdminOptions> = {}) {
  const requests = new RequestLog(() => new Date());
  const pay = sandboxAction({
    name: 'accounts/pay',
    summary: 'Pays <somebody>.',
    input: z.strictObject({
      who: z.string().max(8),
      amount: z.int().min(1),
      kind: z.enum(['gift', 'loan']).optional(),
      twice: z.boolean().optional(),
      parts: z.array(z.int()).optional(),
    }),
    run: (input) => {
      if (input.who === 'nobody') throw new ActionRefusal(404, 'nobody <is> here');
      paid.push(input);
      return { left: 10n };
    },
  });
  const coverage = [
    { call: 'POST /v3/one', group: 'Orders', doc: 'https://example.com/one' },
    { call: 'GET /v3/two', group: 'Orders', doc: 'https://example.com/two', differs: 'slower' },
  ];
  const admin = new Admin({ wallet: 'wechat_pay', requests, actions: [pay], coverage, ...more });
  const ask = (path: string, request: Partial<AdminRequest> = {}): Promise<AdminAnswer> =>
    admin.answer({
      method: 'GET',
      url: new URL(`/__sandbox${path}`, 'http://127.0.0.1:8091'),
      body: '',
      headers: { host: '127.0.0.1:8091', 'accept-language': 'en' },
      ...request,
    });
  return { requests, ask };
}

describe('the list', () => {
  test('shows each call with its verdict, newest first, and links to it', async () => {
    const { requests, ask } = desk();
    requests.add(entry());
    requests.add(
      entry({ status: 401, verdict: 'SIGN_ERROR', reason: '错误的签名<b>', fault: 'key_rotated' }),
    );
    const page = await ask('/');
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body.indexOf('/__sandbox/call/2')).toBeLessThan(
      page.body.indexOf('/__sandbox/call/1'),
    );
    expect(page.body).toContain('SIGN_ERROR');
    expect(page.body).toContain('错误的签名&lt;b&gt;');
    const troubled = await ask('/?only=troubled');
    expect(troubled.body).not.toContain('/__sandbox/call/1"');
    expect((await ask('/?live=1')).headers['refresh']).toBe('3');
    expect((await ask('/?lang=zh')).body).toContain('收到的请求');
  });

  test('says what to do while nothing has come', async () => {
    expect((await desk().ask('/')).body).toContain('No call has come yet.');
  });

  test('and its styles come from below the desk', async () => {
    const { ask } = desk();
    const [, href = ''] = /href="\/__sandbox(\/assets\/sandbox\.css[^"]*)"/.exec(
      (await ask('/')).body,
    ) as RegExpExecArray;
    const css = await ask(href);
    expect([css.status, css.headers['content-type']]).toEqual([200, 'text/css; charset=utf-8']);
    expect((await ask('/assets/%2e%2e%2fpackage.json')).status).toBe(404);
  });
});

describe('one call', () => {
  test('shows what was signed against what had to be, with what the eye cannot see', async () => {
    const { requests, ask } = desk();
    requests.add(
      entry({
        status: 401,
        verdict: 'SIGN_ERROR',
        signature: {
          state: 'wrong',
          hint: 'The body was re-serialised.',
          expected_text: 'POST\n/v3/pay\n1\nnonce\n{"a": 1}\n',
          signed_text: 'POST\n/v3/pay\n1\nnonce\n{"a":1}\n',
        },
      }),
    );
    const { body } = await ask('/call/1');
    expect(body).toContain('The body was re-serialised.');
    expect(body).toMatch(/<ins><span class="unseen" title="SPACE">·<\/span><\/ins>/);
    expect(body.match(/class="same"/g)).toHaveLength(4);
    expect(body).toContain('&quot;total&quot;: 1');
    expect((await ask('/call/99')).status).toBe(302);
  });

  test('is there for scripts as it was kept', async () => {
    const { requests, ask } = desk();
    requests.add(entry());
    const one = JSON.parse((await ask('/requests/1')).body) as LoggedRequest;
    expect(one).toMatchObject({ number: 1, verdict: 'ok', caller: '1600000001' });
    expect((await ask('/requests/2')).status).toBe(404);
    expect(JSON.parse((await ask('/requests?limit=1')).body).data).toHaveLength(1);
  });
});

describe('actions', () => {
  test('have a form each, with fields of their own kinds', async () => {
    const { body } = await desk().ask('/do');
    expect(body).toContain('Pays &lt;somebody&gt;.');
    expect(body).toMatch(/<input[^>]*name="amount"[^>]*type="number"/);
    expect(body).toMatch(/<select[^>]*name="kind"/);
    expect(body).toMatch(/<textarea[^>]*name="parts"/);
  });

  test('run from their form with what was typed, and say what came of it', async () => {
    paid.length = 0;
    const { ask } = desk();
    const post = (body: string) => ask('/do/accounts/pay', { method: 'POST', body });
    const done = await post('who=lin&amount=5&kind=gift&twice=true&parts=%5B1%2C2%5D');
    expect(paid).toEqual([{ who: 'lin', amount: 5, kind: 'gift', twice: true, parts: [1, 2] }]);
    expect(done.body).toContain('&quot;left&quot;: 10');
    const optional = await post('who=lin&amount=6&kind=&twice=&parts=');
    expect(paid.at(-1)).toEqual({ who: 'lin', amount: 6 });
    expect(optional.body).toContain('Done');
    for (const bad of ['who=lin', 'who=lin&amount=x', 'who=lin&amount=1&parts=%7B']) {
      expect((await post(bad)).body).toContain('Refused');
    }
    expect((await post('who=nobody&amount=1')).body).toContain('nobody &lt;is&gt; here');
    expect(paid).toHaveLength(2);
  });

  test('run from JSON, with amounts as numbers and refusals by status', async () => {
    const { ask } = desk();
    const post = (body: string, name = 'accounts/pay') =>
      ask(`/actions/${name}`, { method: 'POST', body });
    expect((await post('{"who":"lin","amount":5}')).body).toBe('{"left":10}');
    expect((await post('{"who":"nobody","amount":5}')).status).toBe(404);
    expect((await post('{"who":"lin"}')).status).toBe(400);
    expect((await post('no json')).status).toBe(400);
    expect((await post('{}', 'accounts/steal')).status).toBe(404);
  });
});

test('the calls covered are listed with what differs', async () => {
  const { ask } = desk();
  const { body } = await ask('/covers');
  expect(body).toContain('href="https://example.com/two"');
  expect(body).toContain('Differs: slower');
  expect(JSON.parse((await ask('/coverage')).body).data).toHaveLength(2);
});

describe('who may look', () => {
  test.each([
    ['a foreign name', { host: 'evil.example' }],
    ['no name', {}],
  ])('not under %s', async (_, headers) => {
    const { requests, ask } = desk();
    requests.add(entry());
    for (const path of ['/', '/requests', '/call/1']) {
      const answer = await ask(path, { headers });
      expect([answer.status, answer.body.includes('1600000001')]).toEqual([403, false]);
    }
  });

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
  ])('and not act from a page of another origin: %j', async (more) => {
    paid.length = 0;
    const { ask } = desk();
    const headers = { host: '127.0.0.1:8091', ...more };
    const body = '{"who":"lin","amount":5}';
    for (const path of ['/actions/accounts/pay', '/do/accounts/pay']) {
      expect((await ask(path, { method: 'POST', body, headers })).status).toBe(403);
    }
    expect(paid).toEqual([]);
  });

  test('off loopback only with the token, in address, header or the cookie it leaves', async () => {
    const { ask } = desk({ host: '0.0.0.0', token: TOKEN });
    const host = '192.0.2.7:8091';
    expect((await ask('/', { headers: { host } })).status).toBe(403);
    expect((await ask('/?token=wrong', { headers: { host } })).status).toBe(403);
    const opened = await ask(`/?token=${TOKEN}`, { headers: { host } });
    expect(opened.status).toBe(200);
    const [cookie = ''] = (opened.headers['set-cookie'] ?? '').split(';');
    expect((await ask('/', { headers: { host, cookie } })).status).toBe(200);
    const authorization = `Bearer ${TOKEN}`;
    expect((await ask('/', { headers: { host, authorization } })).status).toBe(200);
  });

  test('off loopback without a token nobody, whatever name is asked for', async () => {
    const { ask } = desk({ host: '0.0.0.0' });
    for (const host of ['192.0.2.7:8091', '127.0.0.1:8091', 'localhost']) {
      expect((await ask('/', { headers: { host } })).status).toBe(403);
    }
  });
});
