import { beforeAll, describe, expect, test } from 'vitest';
import type { FuzzAnswer, FuzzRequest } from './exchange.ts';
import { storm } from './fuzz-storm.ts';
import {
  type Dice,
  HOSTILE_TEXTS,
  hostileValue,
  jsonOf,
  mutated,
  sampleOf,
} from './fuzz-values.ts';
import { objectIn } from './hub-rig.ts';
import { judgeOf } from './wire/forms.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { startWire, WIRE_FACTOR, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';

/** The developers' desk of each wallet: actions and pages with input of any kind. */
const wires = new Map<WireWallet, Wire>();
const schemas = new Map<WireWallet, Record<string, unknown>[]>();

beforeAll(async () => {
  for (const name of WIRE_WALLETS) {
    const wire = await startWire(name);
    wires.set(name, wire);
    const answer = await fetch(`${wire.sandbox.url}/__sandbox/actions`);
    const { data } = objectIn(await answer.text());
    schemas.set(name, Array.isArray(data) ? data : []);
  }
});

function bodyFor(dice: Dice, input: unknown): Buffer {
  const sample = sampleOf(dice, typeof input === 'object' && input !== null ? { ...input } : {});
  switch (dice.below(6)) {
    case 0:
      return Buffer.from(jsonOf(hostileValue(dice)));
    case 1:
      return Buffer.from('{"a":'.repeat(dice.below(8_000)));
    case 2:
      return dice.bytes(dice.below(400));
    case 3:
      return Buffer.from('{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}');
    default:
      return Buffer.from(jsonOf(mutated(dice, sample)));
  }
}

function actionRequest(dice: Dice, actions: readonly Record<string, unknown>[]): FuzzRequest {
  // Making keys is slow, and has a test of its own.
  const quick = actions.filter(({ name }) => !/rotate|expire/.test(String(name)));
  const some = dice.chance(0.98) ? quick : actions;
  if (some.length === 0) return pageRequest(dice);
  const action = some[dice.below(some.length)] ?? {};
  const name = dice.chance(0.9)
    ? String(action['name'])
    : encodeURIComponent(dice.pick(HOSTILE_TEXTS).replace(/[\ud800-\udfff]/g, ''));
  if (dice.chance(0.6)) {
    const headers = { 'content-type': 'application/json' };
    const body = bodyFor(dice, action['input']);
    return { method: 'POST', target: `/__sandbox/actions/${name}`, headers, body };
  }
  const { properties } = { properties: {}, ...Object(action['input']) };
  const fields = Object.keys(Object(properties)).map((field) => {
    const text = Buffer.from(dice.pick(HOSTILE_TEXTS)).toString('utf8');
    return `${encodeURIComponent(field)}=${encodeURIComponent(text)}`;
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = Buffer.from(
    `${fields.join('&')}&__proto__=1&=${encodeURIComponent(jsonOf(hostileValue(dice)))}`,
  );
  return { method: 'POST', target: `/__sandbox/do/${name}`, headers, body };
}

function pageRequest(dice: Dice): FuzzRequest {
  const paths = [
    '/',
    '/requests',
    '/requests/1',
    '/call/1',
    '/actions',
    '/do',
    '/covers',
    '/coverage',
    '/assets/base.css',
  ] as const;
  const part = () =>
    encodeURIComponent(Buffer.from(dice.pick(HOSTILE_TEXTS)).toString('utf8')).slice(0, 3_000);
  const names = ['limit', 'only', 'live', 'lang', 'token', '__proto__', 'person'] as const;
  const query = Array.from({ length: dice.below(4) }, () => `${dice.pick(names)}=${part()}`).join(
    '&',
  );
  const path = dice.chance(0.7) ? dice.pick(paths) : `${dice.pick(paths)}/${part()}`;
  const headers = {
    'accept-language': 'x'.repeat(dice.below(3_000)),
    cookie: `hutong_language=${part()}; a`,
  };
  return { method: 'GET', target: `/__sandbox${path}?${query}`, headers, body: Buffer.alloc(0) };
}

describe.each(WIRE_WALLETS)('the desk of %s', (name) => {
  test('refuses what no action takes, and never breaks', async () => {
    const wire = wires.get(name);
    const actions = schemas.get(name) ?? [];
    if (!wire) throw new Error(`${name} did not start`);
    expect(actions.length).toBeGreaterThan(0);
    const general = judgeOf(wire, /private/);
    const judge = (answer: FuzzAnswer, sent: FuzzRequest) => {
      const { status, text } = answer;
      if (status >= 400 && sent.target.startsWith('/__sandbox/actions/') && status !== 413) {
        const { error } = objectIn(text);
        if (typeof error !== 'string') return `${status} without a reason: ${text.slice(0, 200)}`;
      }
      return general(answer, sent);
    };
    const before = await settledHeap();
    const make = (dice: Dice) =>
      dice.chance(0.75) ? actionRequest(dice, actions) : pageRequest(dice);
    const { wrong } = await storm({
      root: wire.sandbox.url,
      cases: 90 * WIRE_FACTOR,
      make,
      judge,
    });
    expect(wrong).toEqual([]);
    expect(await heldBeyond(before, 64 * 1024 * 1024)).toBeLessThan(64 * 1024 * 1024);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
    const listed = await fetch(`${wire.sandbox.url}/__sandbox/requests`);
    expect(listed.status).toBe(200);
  });
});

test.each(['wechat_pay', 'union_pay', 'douyin_pay'] as const)(
  'many at the desk of %s who rotate its certificate get one each',
  async (name) => {
    const wire = wires.get(name);
    if (!wire) throw new Error(`${name} did not start`);
    const ask = () =>
      fetch(`${wire.sandbox.url}/__sandbox/actions/certificates/rotate`, {
        method: 'POST',
        body: '{}',
      });
    const answers = await Promise.all(Array.from({ length: 3 }, ask));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const asked = await wire.wallet.queryPayment(wire.account(), wire.order().wallet_reference);
    expect(asked.kind).toBe('not_found');
  },
);
