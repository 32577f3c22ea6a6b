import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestHub, type TestHub } from '../../../test/support/hub.ts';
import { sql } from '../../db/pool.ts';
import { type Route, route } from '../route.ts';
import { createServer } from '../server.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

const anonymous = { key: null } as const;

test('the process is healthy and ready, and not ready while a migration is missing', async () => {
  expect((await hub.call('GET', '/healthz', anonymous)).json).toEqual({ status: 'ok' });
  expect((await hub.call('GET', '/readyz', anonymous)).json).toEqual({ status: 'ready' });
  const { db } = hub.app;
  await db.query(sql`update schema_migrations set number = -number where number = 1`);
  await db.query(sql`create table kept as select * from schema_migrations where number < 0`);
  await db.query(sql`delete from schema_migrations where number < 0`);
  const missing = await hub.call('GET', '/readyz', anonymous);
  expect(missing.status).toBe(503);
  expect(missing.json['reason']).toContain('run hutong migrate');
  await db.query(sql`insert into schema_migrations select * from kept`);
  expect((await hub.call('GET', '/readyz', anonymous)).status).toBe(200);
});

test('metrics count requests by route, without ids or tokens', async () => {
  await hub.call('GET', `/v1/payments/pay_${'0'.repeat(28)}`);
  await hub.call('GET', '/docs/errors/internal', anonymous);
  const { status, text } = await hub.call('GET', '/metrics', anonymous);
  expect(status).toBe(200);
  expect(text).toMatch(
    /hutong_http_request_duration_seconds_count\{method="GET",route="\/v1\/payments\/\{payment\}",status="404"\} 1/,
  );
  expect(text).toMatch(/route="\/docs",status="200"/);
  expect(text).toContain('process_cpu_user_seconds_total');
  expect(text).not.toContain('0'.repeat(28));
});

test('metrics that a proxy asks for need an operator’s key', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  const stranger = await hub.call('GET', '/metrics', { ...anonymous, headers });
  expect([stranger.status, stranger.error?.code]).toEqual([401, 'unauthenticated']);
  expect((await hub.call('GET', '/metrics', { headers })).status).toBe(200);
  const wallet = await hub.call('POST', '/v1/keys', { body: { role: 'wallet', wallet: 'alipay' } });
  const key = String(wallet.json['secret']);
  expect((await hub.call('GET', '/metrics', { key, headers })).status).toBe(403);
});

test('every path of the OpenAPI document is served, and every one of its references resolves', async () => {
  const { json, text } = await hub.call('GET', '/openapi.json', anonymous);
  expect(json['openapi']).toBe('3.1.0');
  const shape = z.object({
    paths: z.record(z.string(), z.record(z.string(), z.unknown())),
    components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
  });
  const { paths, components } = shape.parse(json);
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const answer = await hub.call(
        method.toUpperCase(),
        path.replaceAll(/\{\w+\}/g, 'x'),
        anonymous,
      );
      expect(answer.status, `${method} ${path}`).toBe(401);
    }
  }
  const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(Object.keys(components.schemas)).toContain(name);
});

test('a route that does not say who may call it, or is there twice, stops the start', () => {
  const spec = { tag: 'T', summary: 's', status: 200, answer: z.object({}) } as const;
  const handle = () => Promise.resolve({ status: 200, body: {} });
  const open = route({ ...spec, method: 'GET', path: '/v1/open', roles: ['operator'] }, handle);
  const anybody: Route = { ...open, spec: { ...open.spec, roles: [] as never } };
  expect(() => createServer(hub.app, { routes: [anybody] })).toThrow('who may call it');
  expect(() => createServer(hub.app, { routes: [open, open] })).toThrow('declared twice');
});

test('any text as a path is a 4xx in the error object', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), async (junk) => {
      const path = encodeURIComponent(junk.replace(/\p{Surrogate}/gu, '?'));
      const answer = await hub.call('GET', `/v1/${path}/%${path}`, anonymous);
      expect([400, 401, 404]).toContain(answer.status);
      expect(answer.error?.code).toBeDefined();
    }),
    { numRuns: 60 },
  );
});
