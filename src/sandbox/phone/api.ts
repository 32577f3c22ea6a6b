import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { parseDuration } from '../../clock.ts';
import { FAULTS, type FaultSetting } from '../faults.ts';
import { PhoneRefusal, type WalletSandbox, type WalletTransaction } from '../sandbox.ts';
import type { Device } from './device.ts';

/** The phone's JSON API; scripts and tests use it, and the page does the same through `Device`. */
const MAX_BODY_BYTES = 65_536;
const MAX_ADVANCE_MS = 400 * 24 * 3_600_000;
const MAX_DELAY_MS = 3_600_000;
const MAX_COPIES = 100;
const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

const wallet = z.enum(['wechat_pay', 'alipay']);
const scanBody = z.strictObject({
  person: z.string().max(64),
  wallet: wallet.optional(),
  code: z.string().min(1).max(4_096),
});
const confirmBody = z.strictObject({
  scan: z.string().min(1).max(128),
  outcome: z.enum(['pay', 'cancel', 'wrong_password']),
});
const fault = z.strictObject({
  fault: z.enum(FAULTS),
  probability: z.number().min(0).max(1).default(1),
  count: z.number().int().min(0).optional(),
  operation: z.string().max(128).optional(),
  delay_ms: z.number().int().min(0).max(MAX_DELAY_MS).optional(),
  copies: z.number().int().min(0).max(MAX_COPIES).optional(),
});
const faultsBody = z.union([
  z.strictObject({ ...fault.shape, wallet, seed: z.number().int().optional() }),
  z.strictObject({
    wallet,
    faults: z.array(fault).max(FAULTS.length * 4),
    seed: z.number().int().optional(),
  }),
]);
const clockBody = z.strictObject({ advance: z.string().max(32) });
const balanceBody = z.strictObject({
  person: z.string().max(64),
  amount: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
});
const pageQuery = z.object({
  after: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
});

type Setting = z.infer<typeof fault>;

/** Why a request to this API is refused: a stable code and a sentence. */
class BadRequest extends Error {
  readonly status: 400 | 404 | 413;
  readonly code: string;
  constructor(status: BadRequest['status'], code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function phoneApi(device: Device): Hono {
  const api = new Hono();
  api.get('/api/people', (c) => {
    const zh = c.req.query('lang') === 'zh';
    const data = device.people.map(({ id, name }) => ({
      id,
      name: zh ? name.zh : name.en,
      wallets: device.wallets,
    }));
    return c.json({ data });
  });
  api.post('/api/scan', async (c) => {
    const input = await body(c, scanBody);
    if (!device.person(input.person)) throw unknownPerson(input.person);
    const { id, wallet: by, payee, amount, currency, description } = await device.scan(input);
    return c.json({ id, wallet: by, payee, amount: fen(amount), currency, description });
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
  faultRoutes(api, device);
  walletRoutes(api, device);
  api.onError((error, c) => failure(c, error));
  return api;
}

function faultRoutes(api: Hono, device: Device): void {
  const shown = () => ({
    data: Object.fromEntries(device.wallets.map((name) => [name, device.faults[name].settings])),
  });
  api.get('/api/faults', (c) => c.json(shown()));
  api.post('/api/faults', async (c) => {
    const input = await body(c, faultsBody);
    if ('faults' in input) {
      device.faults[input.wallet].set(input.faults.map(setting), input.seed);
    } else {
      const { wallet: name, seed, ...one } = input;
      if (seed !== undefined) device.faults[name].set(device.faults[name].settings, seed);
      device.setFault(name, setting(one));
    }
    return c.json(shown());
  });
}

function walletRoutes(api: Hono, device: Device): void {
  api.get('/api/wallets/:wallet/transactions', (c) => {
    const { after, limit } = parse(pageQuery, c.req.query());
    const sandbox = walletOf(c, device);
    const page = sandbox.transactions({ limit: limit + 1, ...(after ? { after } : {}) });
    const data = page.slice(0, limit);
    return c.json({
      object: 'list',
      data: data.map(onWire),
      has_more: page.length > limit,
      next_cursor: page.length > limit ? (data.at(-1)?.wallet_reference ?? null) : null,
    });
  });
  api.get('/api/wallets/:wallet/balances', (c) => {
    const sandbox = walletOf(c, device);
    return c.json({
      people: device.people.map(({ id }) => ({ person: id, amount: fen(sandbox.balance(id)) })),
      merchants: [...sandbox.merchantBalances()].map(([merchant, amount]) => ({
        merchant,
        amount: fen(amount),
      })),
      pending_notifications: sandbox.pendingNotifications(),
    });
  });
  api.post('/api/wallets/:wallet/balances', async (c) => {
    const { person, amount } = await body(c, balanceBody);
    if (!device.person(person)) throw unknownPerson(person);
    await walletOf(c, device).setBalance(person, BigInt(amount));
    return c.json({ person, amount });
  });
}

function walletOf(c: Context, device: Device): WalletSandbox {
  const name = c.req.param('wallet');
  const found = device.sandbox(name);
  if (!found) throw new BadRequest(404, 'not_found', `no wallet ${name ?? ''} in this sandbox`);
  return found;
}

function unknownPerson(id: string): BadRequest {
  return new BadRequest(404, 'not_found', `nobody here is called ${id}: see GET /api/people`);
}

function setting(input: Setting): FaultSetting {
  const { count, operation, delay_ms, copies } = input;
  return {
    fault: input.fault,
    probability: input.probability,
    ...(count === undefined ? {} : { remaining: count }),
    ...(operation === undefined ? {} : { operation }),
    ...(delay_ms === undefined ? {} : { delay_ms }),
    ...(copies === undefined ? {} : { copies }),
  };
}

function clockNow(device: Device) {
  return { now: device.clock.now().toISOString(), offset_ms: device.clock.offset_ms };
}

/** Sandbox amounts stay below 2^53 fen. */
function fen(amount: bigint): number {
  return Number.parseInt(amount.toString(), 10);
}

function onWire(transaction: WalletTransaction) {
  return {
    ...transaction,
    currency: 'CNY',
    amount: fen(transaction.amount),
    refunded: fen(transaction.refunded),
  };
}

async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_BODY_BYTES)) {
    throw new BadRequest(413, 'body_too_large', `send at most ${MAX_BODY_BYTES} bytes`);
  }
  let given: unknown;
  try {
    given = await c.req.json();
  } catch {
    throw new BadRequest(400, 'invalid_json', 'the body must be one JSON object');
  }
  return parse(schema, given);
}

function parse<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new BadRequest(400, 'invalid_parameter', z.prettifyError(result.error));
}

const REFUSALS: Readonly<Record<PhoneRefusal['code'], string>> = {
  unknown_code: 'No wallet here knows this code.',
  code_expired: 'The code has expired: show a new one.',
  order_closed: 'The order is closed.',
  order_paid: 'The order is paid already.',
  other_payer: 'Somebody else is paying this order.',
  insufficient_balance: 'There is not enough money in this wallet.',
  wrong_password: 'The password is wrong; the scan stays open.',
  scan_expired: 'This scan is over: scan again.',
  prompt_over: 'The shop no longer waits for this payment.',
  transfer_over: 'This transfer is over.',
};

function failure(c: Context, error: unknown): Response {
  if (error instanceof PhoneRefusal) {
    return c.json({ error: { code: error.code, message: REFUSALS[error.code] } }, 409);
  }
  if (error instanceof BadRequest) {
    return c.json({ error: { code: error.code, message: error.message } }, error.status);
  }
  const message = 'The wallet failed; its journal may be down. Try again.';
  return c.json({ error: { code: 'internal', message } }, 500);
}
