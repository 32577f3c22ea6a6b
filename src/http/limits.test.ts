import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { caller, type HubAnswer, startTestHub, type TestHub } from '../../test/support/hub.ts';
import { mintKey } from '../platforms/keys.ts';
import { platformRoutes } from '../platforms/routes.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { listen } from './listen.ts';
import { addressGroup, createRateLimiter } from './rate-limit.ts';
import { createServer } from './server.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

const answerShape = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Sends bytes as they are and reads until the server closes, or until `enough` says so. */
async function exchange(bytes: string, enough: (answer: string) => boolean = () => false) {
  const socket = connect(hub.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    answer += chunk;
    if (enough(answer)) socket.destroy();
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  return { status, head, body };
}

function request(headers: readonly string[], body = ''): string {
  const key = `Authorization: Bearer ${hub.operator_key}`;
  const type = 'Content-Type: application/json';
  const lines = ['POST /v1/platforms HTTP/1.1', 'Host: hub', key, type, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

test('a body announced larger than the limit is refused before it is sent', async () => {
  const { status, body, head } = await exchange(request([`Content-Length: ${MAX_BODY_BYTES + 1}`]));
  expect(status).toBe(413);
  expect(answerShape.parse(JSON.parse(body)).error).toMatchObject({
    code: 'body_too_large',
    message: `this call takes at most ${MAX_BODY_BYTES} bytes`,
  });
  expect(head.toLowerCase()).toContain('connection: close');
});

test('a body that announces no length is refused when it has grown beyond the limit', async () => {
  const size = MAX_BODY_BYTES / 2;
  const chunk = `${size.toString(16)}\r\n${' '.repeat(size)}\r\n`;
  const bytes = request(['Transfer-Encoding: chunked'], chunk.repeat(3));
  const { status, body } = await exchange(bytes);
  expect(status).toBe(413);
  expect(body).toContain('body_too_large');
});

test('a body of exactly the limit is read', async () => {
  const raw = '{}'.padEnd(MAX_BODY_BYTES, ' ');
  const answer = await hub.call('POST', '/v1/platforms', { raw });
  expect([answer.status, answer.error?.code]).toEqual([400, 'invalid_parameter']);
});

test('nesting is limited before anything walks the body', async () => {
  const raw = `{"slug":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const answer = await hub.call('POST', '/v1/platforms', { raw, idempotency: 'deep' });
  expect([answer.status, answer.error?.code]).toEqual([400, 'invalid_json']);
});

test('headers larger than 16 KiB are a 431 in the error object', async () => {
  const { status, body } = await exchange(request([`X: ${'x'.repeat(20_000)}`]));
  expect(status).toBe(431);
  expect(answerShape.parse(JSON.parse(body)).error.code).toBe('invalid_parameter');
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a host that is none', 'GET /v1/keys HTTP/1.1\r\nHost: a b<c>\r\nConnection: close\r\n\r\n'],
])('%s is a 400', async (_what, bytes) => {
  const { status } = await exchange(bytes, (answer) => answer.includes('\r\n\r\n'));
  expect(status).toBe(400);
});

test('a sender that breaks off in mid-body leaves nothing behind and the hub well', async () => {
  const socket = connect(hub.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request(['Content-Length: 100', 'Idempotency-Key: broken'], '{"slug":'));
  socket.destroy();
  await once(socket, 'close');
  const list = await hub.call('GET', '/v1/platforms');
  expect(list.json).toMatchObject({ data: [] });
});

test('a form to a page must announce its length', async () => {
  const bytes = 'POST /docs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n';
  expect((await exchange(bytes)).status).toBe(413);
});

/** The same hub on another port with other limits. */
async function withRateLimit(rate_limit: number): Promise<string> {
  const app = { ...hub.app, config: { ...hub.app.config, rate_limit } };
  const server = createServer(app, { routes: platformRoutes(app) });
  const listening = await listen(app, server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => listening.stop());
  return listening.url;
}

/** Asks until a 429 comes; each request costs one token and earns far less than one. */
async function untilLimited(ask: () => Promise<HubAnswer>): Promise<HubAnswer[]> {
  const answers: HubAnswer[] = [];
  while (answers.at(-1)?.status !== 429 && answers.length < 200) answers.push(await ask());
  return answers;
}

test('too many requests of one key are a 429 with Retry-After, and other keys are served', async () => {
  const url = await withRateLimit(2);
  const greedy = caller(url, hub.operator_key);
  const answers = await untilLimited(() => greedy('GET', '/v1/platforms'));
  expect(answers.length).toBeGreaterThan(4);
  expect(answers.slice(0, -1).every(({ status }) => status === 200)).toBe(true);
  const refused = answers.at(-1);
  expect(refused?.error).toMatchObject({ type: 'rate_limited', code: 'rate_limited' });
  expect(refused?.headers.get('retry-after')).toBe('1');
  const { secret } = await mintKey(hub.app, hub.app.db, { role: 'operator' });
  expect((await caller(url, secret)('GET', '/v1/platforms')).status).toBe(200);
});

test('guessing keys and asking for pages are limited by address', async () => {
  const url = await withRateLimit(2);
  const stranger = caller(url, `sk_test_${'x'.repeat(32)}`);
  const guesses = await untilLimited(() => stranger('GET', '/v1/platforms'));
  expect(guesses.map(({ status }) => status).slice(-2)).toEqual([401, 429]);
  const visits = await untilLimited(() => stranger('GET', '/docs/errors/internal'));
  expect(visits.map(({ status }) => status).slice(-2)).toEqual([200, 429]);
  expect((await caller(url, hub.operator_key)('GET', '/v1/platforms')).status).toBe(200);
});

test('a bucket holds two seconds of tokens, fills at its rate, and the oldest leaves first', () => {
  let now = 0;
  const limiter = createRateLimiter({ per_second: 10, max_buckets: 2, now: () => now });
  const take = (subject: string, times: number) => {
    for (let i = 0; i < times; i += 1) limiter.take(subject);
  };
  take('a', 20);
  expect(() => limiter.take('a')).toThrow('wait 1 s');
  now = 500;
  take('a', 5);
  expect(() => limiter.take('a')).toThrow();
  // A clock that runs backwards gives nothing and takes nothing.
  now = 0;
  expect(() => limiter.take('a')).toThrow();
  now = 3_600_000;
  take('a', 20);
  expect(() => limiter.take('a')).toThrow();
  take('b', 1);
  take('c', 1);
  // `a` had to leave, so it begins anew: the memory of the limiter is bounded.
  take('a', 20);
});

test('an IPv6 household is one address group', () => {
  expect(addressGroup('2001:db8:1:2:3:4:5:6')).toBe(addressGroup('2001:db8:1:2::9'));
  expect(addressGroup('2001:db8:1:2::9')).not.toBe(addressGroup('2001:db8:1:3::9'));
  expect(addressGroup('2001:db8::1')).toBe(addressGroup('2001:db8:0:0:9::2'));
  expect(addressGroup('2001:db8::1')).not.toBe(addressGroup('2001:db8:0:1::1'));
  expect(addressGroup('::1')).toBe('0:0:0:0::/64');
  expect(addressGroup('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(addressGroup('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(addressGroup('10.0.0.1')).not.toBe(addressGroup('10.0.0.2'));
});

test('a port in use is said with the setting that chooses it', async () => {
  const server = createServer(hub.app, { routes: [] });
  const taken = listen(hub.app, server, { host: '127.0.0.1', port: hub.port });
  await expect(taken).rejects.toThrow(`port ${hub.port} on 127.0.0.1 is in use`);
  await expect(taken).rejects.toThrow('HUTONG_PORT');
});
