import type { Hono } from 'hono';
import { z } from 'zod';
import { FAULTS, type FaultSetting } from '../../faults.ts';
import type { Device } from '../device.ts';
import { body, fen, walletName } from './wire.ts';

/** The fault dial of each wallet. */
const MAX_DELAY_MS = 3_600_000;
const MAX_COPIES = 100;

const fault = z.strictObject({
  fault: z.enum(FAULTS),
  probability: z.number().min(0).max(1).default(1),
  count: z.number().int().min(0).optional(),
  operation: z.string().min(1).max(128).optional(),
  amount: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  delay_ms: z.number().int().min(0).max(MAX_DELAY_MS).optional(),
  copies: z.number().int().min(0).max(MAX_COPIES).optional(),
});
const seed = z.number().int().optional();
const faultsBody = z.union([
  z.strictObject({ ...fault.shape, wallet: walletName, seed }),
  z.strictObject({
    wallet: walletName,
    faults: z.array(fault).max(FAULTS.length * 4),
    seed,
  }),
  z.strictObject({ wallet: walletName, sentinels: z.boolean() }),
]);

export function faultRoutes(api: Hono, device: Device): void {
  const ofEach = <T>(show: (name: Device['wallets'][number]) => T) =>
    Object.fromEntries(device.wallets.map((name) => [name, show(name)]));
  const shown = () => ({
    data: ofEach((name) => device.faults[name].settings.map(onWire)),
    sentinels: ofEach((name) => device.faults[name].sentinels),
  });
  api.get('/api/faults', (c) => c.json(shown()));
  api.post('/api/faults', async (c) => {
    const input = await body(c, faultsBody);
    const dial = device.faults[input.wallet];
    if ('sentinels' in input) dial.sentinels = input.sentinels;
    else if ('faults' in input) dial.set(input.faults.map(setting), input.seed);
    else {
      const { wallet, seed: begin, ...one } = input;
      if (begin !== undefined) dial.set(dial.settings, begin);
      device.setFault(wallet, setting(one));
    }
    return c.json(shown());
  });
}

function setting(input: z.infer<typeof fault>): FaultSetting {
  const { count, operation, amount, delay_ms, copies } = input;
  return {
    fault: input.fault,
    probability: input.probability,
    ...(count === undefined ? {} : { remaining: count }),
    ...(operation === undefined ? {} : { operation }),
    ...(amount === undefined ? {} : { amount: BigInt(amount) }),
    ...(delay_ms === undefined ? {} : { delay_ms }),
    ...(copies === undefined ? {} : { copies }),
  };
}

function onWire({ amount, ...rest }: FaultSetting) {
  return { ...rest, ...(amount === undefined ? {} : { amount: fen(amount) }) };
}
