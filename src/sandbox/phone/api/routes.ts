import { Hono } from 'hono';
import { z } from 'zod';
import { parseDuration } from '../../../clock.ts';
import type { Device } from '../device.ts';
import { faultRoutes } from './faults.ts';
import { personRoutes } from './person.ts';
import { walletRoutes } from './wallets.ts';
import {
  BadRequest,
  body,
  failure,
  fen,
  outcomes,
  personId,
  personOf,
  walletName,
} from './wire.ts';

/** The phone's JSON API; scripts and tests use it, and the page does the same through `Device`. */
const MAX_ADVANCE_MS = 400 * 24 * 3_600_000;

const scanBody = z.strictObject({
  person: personId,
  wallet: walletName.optional(),
  code: z.string().min(1).max(4_096),
});
const confirmBody = z.strictObject({ scan: z.string().min(1).max(128), outcome: outcomes });
const clockBody = z.strictObject({ advance: z.string().max(32) });

export function phoneApi(device: Device): Hono {
  const api = new Hono();
  api.post('/api/scan', async (c) => {
    const input = await body(c, scanBody);
    personOf(device, input.person);
    const { id, wallet, payee, amount, currency, description } = await device.scan(input);
    return c.json({ id, wallet, payee, amount: fen(amount), currency, description });
  });
  api.post('/api/confirm', async (c) => {
    const { scan, outcome } = await body(c, confirmBody);
    return c.json(await device.confirm(scan, outcome));
  });
  api.get('/api/clock', (c) => c.json(clockNow(device)));
  api.post('/api/clock', async (c) => {
    const ms = parseDuration((await body(c, clockBody)).advance);
    if (ms === undefined || ms > MAX_ADVANCE_MS) {
      throw new BadRequest(400, 'invalid_parameter', 'advance: a duration like PT2H, ≤ 400 days');
    }
    await device.clock.advance(ms);
    return c.json(clockNow(device));
  });
  personRoutes(api, device);
  faultRoutes(api, device);
  walletRoutes(api, device);
  api.onError((error, c) => failure(c, error));
  return api;
}

function clockNow(device: Device) {
  return { now: device.clock.now().toISOString(), offset_ms: device.clock.offset_ms };
}
