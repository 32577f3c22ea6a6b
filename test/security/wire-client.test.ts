import { beforeAll, expect, test } from 'vitest';
import { type Hostile, openHostile } from './wire/hostile.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { startWire, WIRE_FACTOR, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';
import { answer, TRICKS, type Trick } from './wire/tricks.ts';

/** Each connector against a server that is not the wallet, or has gone mad. */
let wires: readonly Wire[];
let hostile: Hostile;
let canary: Hostile;
/** Budget of one exchange, milliseconds, and what the machine may take beside it. */
const BUDGET_MS = 300;
const MARGIN_MS = 2_000;

beforeAll(async () => {
  hostile = await openHostile();
  canary = await openHostile();
  canary.play((socket) => socket.end(answer('{}')));
  const started: Wire[] = [];
  for (const name of WIRE_WALLETS) started.push(await startWire(name));
  wires = started;
});

interface Seen {
  readonly what: string;
  readonly kind: string;
  readonly took_ms: number;
}

async function timed(what: string, call: Promise<{ kind: string }>): Promise<Seen> {
  const started = performance.now();
  // A connector that throws for what a server does is wrong, whatever it throws.
  const kind = await call.then(
    (outcome) => outcome.kind,
    (error: unknown) => `threw ${String(error)}`,
  );
  return { what, kind, took_ms: performance.now() - started };
}

/** All that a hub asks a wallet in a payment's life, at once. */
async function askEverything(wire: Wire, { endless }: Partial<Trick>): Promise<Seen[]> {
  const wallet = wire.connector(BUDGET_MS);
  const account = wire.account({ url: hostile.url });
  const order = wire.order();
  const refund = wire.refundOf(order);
  const date = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
  // Bills have budgets of minutes.
  const bill = endless ? undefined : wallet.bills?.fetch(account, { kind: 'payments', date });
  const name = (what: string) => `${wire.name} ${what}`;
  const seen = await Promise.all([
    timed(name('create'), wallet.createPayment(account, order)),
    timed(name('query'), wallet.queryPayment(account, order.wallet_reference)),
    timed(name('close'), wallet.closePayment(account, order.wallet_reference)),
    timed(name('refund'), wallet.refund(account, { ...refund, wallet_transaction_id: '42001' })),
    timed(name('query refund'), wallet.queryRefund(account, refund)),
    ...(bill ? [timed(name('bill'), bill)] : []),
  ]);
  wallet.stop();
  return seen;
}

async function askAll(trick: Partial<Trick>): Promise<Seen[]> {
  return (await Promise.all(wires.map((wire) => askEverything(wire, trick)))).flat();
}

const believed = ({ kind }: Seen) => kind !== 'unknown' && kind !== 'refused';
const late = ({ took_ms }: Seen) => took_ms > 2 * BUDGET_MS + MARGIN_MS;

test.each(TRICKS)('no wallet is believed, nor waited for, when it $name', async (trick) => {
  hostile.play(trick.script, trick);
  const seen = await askAll(trick);
  expect(seen.length).toBeGreaterThanOrEqual(5 * WIRE_WALLETS.length);
  expect(seen.filter(believed)).toEqual([]);
  expect(seen.filter(late)).toEqual([]);
});

const REDIRECTS = [
  [301, 'location'],
  [302, 'location'],
  [303, 'location'],
  [307, 'location'],
  [308, 'location'],
  [200, 'content-location'],
  [200, 'refresh'],
] as const;

test.each(REDIRECTS)('a redirect by %i with %s is not followed', async (status, header) => {
  canary.play((socket) => socket.end(answer('{}')));
  const there = `${header}: ${header === 'refresh' ? '0; url=' : ''}${canary.url}/\r\n`;
  hostile.play((socket) => socket.write(answer('', { status, headers: there })));
  const seen = await askAll({});
  expect(seen.filter(believed)).toEqual([]);
  expect(canary.heads).toEqual([]);
});

test('many answers of a whole megabyte leave nothing behind', async () => {
  const junk = Buffer.alloc(1_000_000, 'a=1&');
  hostile.play((socket) => socket.write(answer(junk)));
  await askAll({});
  const before = await settledHeap();
  for (let round = 0; round < 5 * WIRE_FACTOR; round += 1) await askAll({});
  expect(await heldBeyond(before, 32 * 1024 * 1024)).toBeLessThan(32 * 1024 * 1024);
});

test('a wallet that answers again is believed again', async () => {
  for (const wire of wires) {
    const order = await wire.paid();
    const asked = await wire.wallet.queryPayment(wire.account(), order.wallet_reference);
    expect(asked, wire.name).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
  }
});

/** UnionPay's are never anything but ours: their time is a part of the name. */
const NUMBERS: Readonly<Partial<Record<WireWallet, string>>> = {
  wechat_pay: '../../../v3/certificates?x=1#y',
  alipay: '{"out_trade_no":"A"}&sign=1',
  douyin_pay: '..%2f..%2fcertificates\r\nX: 1',
};

test('numbers that look like paths and headers stay numbers on the wire', async () => {
  hostile.play((socket) => socket.write(answer('{}')));
  for (const wire of wires) {
    const number = NUMBERS[wire.name];
    if (number === undefined) continue;
    const wallet = wire.connector(BUDGET_MS);
    const account = wire.account({ url: hostile.url });
    const outcome = await wallet
      .queryPayment(account, number)
      .catch((error: unknown) => ({ kind: `threw ${String(error)}` }));
    expect(['unknown', 'refused']).toContain(outcome.kind);
    wallet.stop();
  }
  const lines = hostile.heads.map((head) => head.split('\r\n')[0] ?? '');
  expect(lines.filter((line) => /\.\.[/?# ]/.test(line))).toEqual([]);
  expect(hostile.heads.filter((head) => /^X: 1/m.test(head))).toEqual([]);
});
