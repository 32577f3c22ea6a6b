import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestHub, type TestHub } from '../../test/support/hub.ts';
import { route } from './route.ts';
import { amount, currency, metadata, text, timestamp } from './schemas.ts';

let hub: TestHub;

function orders() {
  const common = {
    roles: ['operator'],
    tag: 'Test',
    summary: 'takes orders',
    status: 200,
    answer: z.object({}),
  } as const;
  const orderBody = z.strictObject({
    amount,
    currency: currency.optional(),
    order: z.strictObject({ name: text(20), items: z.array(z.strictObject({ n: z.int() })) }),
    metadata: metadata.optional(),
    at: timestamp.optional(),
  });
  return [
    route({ ...common, method: 'POST', path: '/v1/empty' }, () =>
      Promise.resolve({ status: 200, body: {} }),
    ),
    route({ ...common, method: 'POST', path: '/v1/orders', body: orderBody }, ({ body }) =>
      Promise.resolve({ status: 200, body: { amount: body.amount, at: body.at } }),
    ),
    route(
      {
        ...common,
        method: 'GET',
        path: '/v1/orders',
        query: z.strictObject({ q: text(5).optional() }),
      },
      ({ query }) => Promise.resolve({ status: 200, body: query }),
    ),
  ];
}

beforeAll(async () => {
  hub = await startTestHub({ parts: () => ({ routes: orders() }) });
});

const order = { amount: 1, order: { name: 'tea', items: [{ n: 1 }] } };

describe('a body', () => {
  const wrongBodies: readonly (readonly [
    string,
    string | Buffer,
    number,
    string,
    string | null,
  ])[] = [
    ['is not JSON', '{"amount":', 400, 'invalid_json', null],
    ['has a byte order mark', `\ufeff${JSON.stringify(order)}`, 400, 'invalid_json', null],
    ['is not UTF-8', Buffer.from('{"amount":"\xff"}', 'latin1'), 400, 'invalid_json', null],
    ['is a list', '[]', 400, 'invalid_parameter', null],
    ['is null', 'null', 400, 'invalid_parameter', null],
    ['is empty', '{}', 400, 'invalid_parameter', 'amount'],
    ['has a field we do not know', with_({ colour: 1 }), 400, 'invalid_parameter', 'colour'],
    [
      'has one further in',
      with_({ order: { ...order.order, x: 1 } }),
      400,
      'invalid_parameter',
      'order.x',
    ],
    [
      'has one in a list',
      with_({ order: { name: 'a', items: [{ n: 1 }, { n: 1, y: 2 }] } }),
      400,
      'invalid_parameter',
      'order.items[1].y',
    ],
    [
      'has the wrong type in a list',
      with_({ order: { name: 'a', items: [{ n: 'x' }] } }),
      400,
      'invalid_parameter',
      'order.items[0].n',
    ],
    ['has an amount of zero', with_({ amount: 0 }), 400, 'invalid_parameter', 'amount'],
    ['has a negative amount', with_({ amount: -1 }), 400, 'invalid_parameter', 'amount'],
    ['has a fraction of a fen', with_({ amount: 1.5 }), 400, 'invalid_parameter', 'amount'],
    ['has an amount as text', with_({ amount: '1' }), 400, 'invalid_parameter', 'amount'],
    [
      'has too large an amount',
      with_({ amount: 10_000_000_001 }),
      400,
      'invalid_parameter',
      'amount',
    ],
    [
      'has an amount beyond numbers',
      '{"amount":1e999,"order":{"name":"a","items":[]}}',
      400,
      'invalid_parameter',
      'amount',
    ],
    [
      'has a NUL',
      with_({ order: { name: 'a\u0000', items: [] } }),
      400,
      'invalid_parameter',
      'order.name',
    ],
    [
      'has half a surrogate pair',
      '{"amount":1,"order":{"name":"\\ud800","items":[]}}',
      400,
      'invalid_parameter',
      'order.name',
    ],
    [
      'has a NUL in the name of a pair',
      with_({ metadata: { 'a\u0000': 'b' } }),
      400,
      'invalid_parameter',
      'metadata.a\u0000',
    ],
    [
      'has 51 pairs',
      with_({ metadata: Object.fromEntries([...Array(51).keys()].map((n) => [`k${n}`, 'v'])) }),
      400,
      'invalid_parameter',
      'metadata',
    ],
    [
      'has a day that is none',
      with_({ at: '2026-02-30T00:00:00Z' }),
      400,
      'invalid_parameter',
      'at',
    ],
    [
      'has a prototype to set',
      '{"amount":1,"order":{"name":"a","items":[]},"__proto__":{"x":1}}',
      400,
      'invalid_parameter',
      '__proto__',
    ],
  ];

  function with_(over: Record<string, unknown>): string {
    return JSON.stringify({ ...order, ...over });
  }

  test.each(wrongBodies)('that %s is refused', async (_what, raw, status, code, param) => {
    const answer = await hub.call('POST', '/v1/orders', { raw });
    expect([answer.status, answer.error?.code]).toEqual([status, code]);
    expect(answer.error?.param).toBe(param);
  });

  test('that is whole is taken: an amount arrives as bigint and leaves as integer', async () => {
    const body = { ...order, amount: 10_000_000_000, at: '2026-11-21T08:00:00+08:00' };
    const answer = await hub.call('POST', '/v1/orders', { body });
    expect(answer.text).toBe('{"amount":10000000000,"at":"2026-11-21T00:00:00.000Z"}');
  });

  test('of another media type or charset is a 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=gbk',
    ]) {
      const headers = { 'content-type': type };
      const answer = await hub.call('POST', '/v1/orders', { raw: JSON.stringify(order), headers });
      expect([answer.status, answer.error?.code]).toEqual([415, 'unsupported_media_type']);
    }
    const headers = { 'content-type': 'application/json; charset=UTF-8' };
    const answer = await hub.call('POST', '/v1/orders', { raw: JSON.stringify(order), headers });
    expect(answer.status).toBe(200);
  });

  test('is refused where the call takes none', async () => {
    const answer = await hub.call('POST', '/v1/empty', { body: { x: 1 } });
    expect([answer.status, answer.error?.param]).toEqual([400, 'x']);
  });
});

describe('a query', () => {
  test('with a parameter we do not know, or one given twice, is refused', async () => {
    for (const [query, param] of [
      ['?z=1', 'z'],
      ['?q=1&q=2', 'q'],
      ['?q=%00', 'q'],
      ['?q=123456', 'q'],
    ]) {
      const answer = await hub.call('GET', `/v1/orders${query}`);
      expect([query, answer.status, answer.error?.param]).toEqual([query, 400, param]);
    }
    expect((await hub.call('GET', '/v1/orders?q=12345')).json).toEqual({ q: '12345' });
  });
});

describe('a version', () => {
  test('is the key’s own, and only one that exists may be asked for', async () => {
    const known = await hub.call('GET', '/v1/orders', {
      headers: { 'hutong-version': '2026-11-01' },
    });
    expect([known.status, known.headers.get('hutong-version')]).toEqual([200, '2026-11-01']);
    const other = await hub.call('GET', '/v1/orders', {
      headers: { 'hutong-version': '2020-01-01' },
    });
    expect([other.status, other.error?.param]).toEqual([400, 'Hutong-Version']);
  });
});
