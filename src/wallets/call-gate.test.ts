import { expect, test } from 'vitest';
import { CallGate } from './call-gate.ts';

function gateAt(start = 0, options: { max_wait_ms?: number } = {}) {
  let now = start;
  const gate = new CallGate({
    real: () => new Date(now),
    failures: 3,
    open_ms: 1_000,
    ...options,
  });
  return { gate, pass: (ms: number) => (now += ms) };
}

const CALL = { host: 'wallet:443', account: 'wac_1', operation: 'refund' };

test('a host that keeps breaking is left alone, then probed by one call', async () => {
  const { gate, pass } = gateAt();
  for (let i = 0; i < 3; i += 1) {
    expect((await gate.enter(CALL)).kind).toBe('go');
    gate.leave(CALL.host, 'broken');
  }
  expect(gate.isOpen(CALL.host)).toBe(true);
  expect(await gate.enter(CALL)).toEqual({ kind: 'circuit_open', retry_at: new Date(1_000) });
  pass(1_000);
  expect((await gate.enter(CALL)).kind).toBe('go');
  expect((await gate.enter(CALL)).kind).toBe('circuit_open');
  gate.leave(CALL.host, 'broken');
  expect((await gate.enter(CALL)).kind).toBe('circuit_open');
  pass(1_000);
  expect((await gate.enter(CALL)).kind).toBe('go');
  gate.leave(CALL.host, 'answered');
  expect((await gate.enter(CALL)).kind).toBe('go');
  expect((await gate.enter(CALL)).kind).toBe('go');
});

test('an answer of any kind closes the count of failures', async () => {
  const { gate } = gateAt();
  for (let i = 0; i < 10; i += 1) {
    gate.leave(CALL.host, 'broken');
    gate.leave(CALL.host, 'broken');
    gate.leave(CALL.host, 'answered');
  }
  expect((await gate.enter(CALL)).kind).toBe('go');
});

test('the wallet’s rate is kept for each account and operation by itself', async () => {
  const { gate, pass } = gateAt(0, { max_wait_ms: 0 });
  const call = { ...CALL, per_second: 2 };
  expect((await gate.enter(call)).kind).toBe('go');
  expect((await gate.enter(call)).kind).toBe('go');
  expect((await gate.enter(call)).kind).toBe('too_many');
  expect((await gate.enter({ ...call, operation: 'query' })).kind).toBe('go');
  expect((await gate.enter({ ...call, account: 'wac_2' })).kind).toBe('go');
  pass(500);
  expect((await gate.enter(call)).kind).toBe('go');
  expect((await gate.enter(call)).kind).toBe('too_many');
});
