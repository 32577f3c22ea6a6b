import { beforeAll, describe, expect, test } from 'vitest';
import { storm } from './fuzz-storm.ts';
import { judgeOf } from './wire/forms.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { type Maker, signedMaker } from './wire/requests.ts';
import { startWire, WIRE_FACTOR, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';
import { spoiledMaker } from './wire/spoiled.ts';

/** Each sandbox's API against merchants who sign anything, and strangers who sign nothing. */
const wires = new Map<WireWallet, Wire>();
const makers = new Map<WireWallet, Maker>();
const MOST_GROWN = 64 * 1024 * 1024;

beforeAll(async () => {
  for (const name of WIRE_WALLETS) {
    const wire = await startWire(name);
    wires.set(name, wire);
    makers.set(name, await signedMaker(wire));
  }
});

function on(name: WireWallet): { wire: Wire; make: Maker } {
  const wire = wires.get(name);
  const make = makers.get(name);
  if (!wire || !make) throw new Error(`${name} did not start`);
  return { wire, make };
}

async function sent(name: WireWallet, make: Maker, cases: number) {
  const { wire } = on(name);
  const before = await settledHeap();
  const started = performance.now();
  const { wrong, taken } = await storm({
    root: wire.sandbox.url,
    cases,
    make,
    judge: judgeOf(wire),
  });
  const each_ms = (performance.now() - started) / cases;
  return { wrong, taken, each_ms, grown: await heldBeyond(before, MOST_GROWN) };
}

describe.each(WIRE_WALLETS)('the API of %s', (name) => {
  test('answers whatever a merchant signs in its own words', async () => {
    const { wrong, taken, each_ms, grown } = await sent(name, on(name).make, 250 * WIRE_FACTOR);
    expect(wrong).toEqual([]);
    expect(taken).toBeGreaterThan(20);
    expect(each_ms).toBeLessThan(500);
    expect(grown).toBeLessThan(MOST_GROWN);
  });

  test('refuses what others made of it in its own words', async () => {
    const make = spoiledMaker(on(name).make);
    const { wrong, each_ms, grown } = await sent(name, make, 150 * WIRE_FACTOR);
    expect(wrong).toEqual([]);
    expect(each_ms).toBeLessThan(500);
    expect(grown).toBeLessThan(MOST_GROWN);
  });

  test('sells as before after all that', async () => {
    const { wire } = on(name);
    const order = await wire.paid();
    const known = await wire.wallet.queryPayment(wire.account(), order.wallet_reference);
    expect(known).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1234n } });
  });
});
