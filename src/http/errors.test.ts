import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { caller, startTestHub, type TestHub } from '../../test/support/hub.ts';
import type { App } from '../app.ts';
import { openDb } from '../db/pool.ts';
import { assert, ERRORS, type ErrorCode, Refusal } from '../errors.ts';
import { listen } from './listen.ts';
import { route } from './route.ts';
import { createServer } from './server.ts';

const SECRET = 'select secret_column from nowhere';
const ROLES = ['operator'] as const;
let hub: TestHub;

/** Routes that fail in every way a verb can. */
function failing(app: App) {
  const common = {
    roles: ROLES,
    tag: 'Test',
    summary: 'fails',
    status: 200,
    answer: z.object({}),
  } as const;
  return [
    route(
      { ...common, method: 'POST', path: '/v1/refuse/{code}', params: { code: 'text' } },
      ({ params }) => {
        const code = Object.keys(ERRORS).find((name): name is ErrorCode => name === params.code);
        assert(code, `no error is called ${params.code}`);
        const wallet = { name: 'alipay', code: 'ACQ.X', message: 'no', request_id: 'r' };
        return Promise.reject(new Refusal(code, { message: 'said', param: 'p', wallet }));
      },
    ),
    route({ ...common, method: 'GET', path: '/v1/broken' }, () => {
      assert(false, SECRET);
      return Promise.resolve({ status: 200, body: {} });
    }),
    route({ ...common, method: 'GET', path: '/v1/bad-sql' }, async () => {
      await app.db.pool.query(SECRET);
      return { status: 200, body: {} };
    }),
    route({ ...common, method: 'POST', path: '/v1/orders' }, () =>
      Promise.resolve({ status: 200, body: {} }),
    ),
    route({ ...common, method: 'GET', path: '/v1/orders' }, () =>
      Promise.resolve({ status: 200, body: {} }),
    ),
    route(
      { ...common, method: 'GET', path: '/v1/orders/{payment}', params: { payment: 'pay' } },
      ({ params }) => Promise.resolve({ status: 200, body: params }),
    ),
  ];
}

beforeAll(async () => {
  hub = await startTestHub({ parts: (app) => ({ routes: failing(app) }) });
});

describe('the error object', () => {
  test('every code of the table is answered with its type, status, retry and page', async () => {
    for (const [code, entry] of Object.entries(ERRORS)) {
      const { status, json, headers } = await hub.call('POST', `/v1/refuse/${code}`);
      expect(status, code).toBe(entry.status);
      expect(json).toEqual({
        error: {
          type: entry.type,
          code,
          message: 'said',
          param: 'p',
          doc_url: `http://127.0.0.1/docs/errors/${code}`,
          request_id: headers.get('request-id'),
          retry: entry.retry,
          wallet: { name: 'alipay', code: 'ACQ.X', message: 'no', request_id: 'r' },
        },
      });
      expect(headers.get('request-id')).toMatch(/^req_[0-9A-Z]{28}$/);
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test.each(['/v1/broken', '/v1/bad-sql'])('%s is a 500 that leaks nothing', async (path) => {
    const { status, error, text: body } = await hub.call('GET', path);
    expect(status).toBe(500);
    expect(error).toMatchObject({ type: 'internal', code: 'internal', retry: 'same_key' });
    expect(body).not.toMatch(/secret|nowhere|select|\.ts|relation/);
  });

  test('a database that is away is a 503 with Retry-After', async () => {
    const db = openDb({ url: 'postgres://nobody@127.0.0.1:1/nothing', max_connections: 1 });
    const app = { ...hub.app, db };
    const server = createServer(app, { routes: failing(app) });
    const listening = await listen(app, server, { host: '127.0.0.1', port: 0 });
    try {
      const call = caller(listening.url, hub.operator_key);
      const answer = await call('POST', '/v1/orders');
      expect(answer.status).toBe(503);
      expect(answer.error).toMatchObject({ code: 'unavailable', retry: 'same_key' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await call('GET', '/readyz')).status).toBe(503);
      expect((await call('GET', '/healthz')).status).toBe(200);
    } finally {
      await listening.stop();
      await db.end();
    }
  });

  test('a path that is not there is a 404, a method that is not is a 405 naming those that are', async () => {
    const nowhere = await hub.call('GET', '/v1/nowhere');
    expect([nowhere.status, nowhere.error?.code]).toEqual([404, 'not_found']);
    for (const method of ['DELETE', 'PUT', 'OPTIONS']) {
      const answer = await hub.call(method, '/v1/orders');
      expect([answer.status, answer.error?.code]).toEqual([405, 'method_not_allowed']);
      expect(answer.headers.get('allow')).toBe('POST, GET');
    }
  });

  test('an id that is none, or of another kind, is a 404', async () => {
    const wrong = [
      'x',
      'pay_1',
      `att_${'0'.repeat(28)}`,
      `pay_${'0'.repeat(27)}I`,
      '%00',
      '%zz',
      '%ED%A0%80',
    ];
    for (const id of wrong) {
      const { status, error } = await hub.call('GET', `/v1/orders/${id}`);
      expect([id, status, error?.code]).toEqual([id, 404, 'not_found']);
    }
    expect((await hub.call('GET', `/v1/orders/pay_${'0'.repeat(28)}`)).status).toBe(200);
  });
});
