import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from './account.ts';
import { Gateway } from './gateway.ts';
import { type Bench, openBench } from './testing.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});

afterAll(() => bench.stop());

const QUERY = { method: 'alipay.trade.query', biz_content: { out_trade_no: 'NONE' } } as const;

test('a gateway that keeps breaking is left alone, and tried again later', async () => {
  let shift = 0;
  const real = () => new Date(Date.now() + shift);
  const gateway = new Gateway({ real, timeout_ms: 500 });
  const account = openAccount(bench.account);
  bench.world.faults.set([{ fault: 'error_before_effect', probability: 1 }]);
  const before = bench.world.requests.list({ limit: 500 }).length;
  const broken = await Promise.all(Array.from({ length: 20 }, () => gateway.call(account, QUERY)));
  expect(broken.every(({ kind }) => kind === 'unknown')).toBe(true);
  const held = await gateway.call(account, QUERY);
  expect(held).toMatchObject({ kind: 'unreachable', code: 'wallet_error' });
  expect(held.kind === 'unreachable' && held.message).toContain('not sent');
  expect(bench.world.requests.list({ limit: 500 }).length - before).toBe(20);
  bench.world.faults.set([]);
  shift = 60_000;
  expect(await gateway.call(account, QUERY)).toMatchObject({ kind: 'answered', code: '40004' });
  expect(await gateway.call(account, QUERY)).toMatchObject({ kind: 'answered' });
  gateway.stop();
});

test('more calls a second than the wallet takes are not sent, and may be sent again', async () => {
  const moment = new Date();
  const row = { operation: QUERY.method, group: 'Payments', doc: '', repeatable: true };
  const gateway = new Gateway({ real: () => moment, timeout_ms: 5_000 }, [
    { ...row, per_second: 5 },
  ]);
  const [first, other] = ['certificate', 'platform'].map((role) =>
    openAccount(bench.accountOf(role)),
  );
  if (!first || !other) throw new Error('two accounts');
  const before = bench.world.requests.list({ limit: 500 }).length;
  const all = await Promise.all(Array.from({ length: 15 }, () => gateway.call(first, QUERY)));
  const held = all.filter(({ kind }) => kind === 'unreachable');
  // Five at once, five more within the longest wait.
  expect(held).toHaveLength(5);
  for (const answer of held) expect(answer).toMatchObject({ code: 'rate_limited' });
  expect(bench.world.requests.list({ limit: 500 }).length - before).toBe(10);
  expect((await gateway.call(other, QUERY)).kind).toBe('answered');
  gateway.stop();
});

test('a gateway that nobody listens at is unreachable: nothing was done', async () => {
  const gateway = new Gateway({ real: () => new Date(), timeout_ms: 500 });
  const nowhere = bench.accountWith({ settings: { gateway: 'http://127.0.0.1:9/gateway.do' } });
  const answer = await gateway.call(openAccount(nowhere), QUERY);
  expect(answer).toMatchObject({ kind: 'unreachable', code: 'wallet_error' });
  gateway.stop();
});
