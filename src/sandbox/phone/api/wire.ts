import type { Context } from 'hono';
import { z } from 'zod';
import { PhoneRefusal, SANDBOX_WALLETS, type WalletSandbox } from '../../sandbox.ts';
import type { Device } from '../device.ts';

/** Reading and answering of the phone's JSON API. */
const MAX_BODY_BYTES = 65_536;

export const walletName = z.enum(SANDBOX_WALLETS);
export const personId = z.string().max(64);
export const outcomes = z.enum(['pay', 'cancel', 'wrong_password']);

/** Why a request to this API is refused: a stable code and a sentence. */
export class BadRequest extends Error {
  readonly status: 400 | 404 | 413;
  readonly code: string;
  constructor(status: BadRequest['status'], code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function walletOf(c: Context, device: Device, name = c.req.param('wallet')): WalletSandbox {
  const found = device.sandbox(name);
  if (!found) throw new BadRequest(404, 'not_found', `no wallet ${name ?? ''} in this sandbox`);
  return found;
}

/** The person's id, once it is known to be one. */
export function personOf(device: Device, id: string | undefined): string {
  if (device.person(id) && id !== undefined) return id;
  const message = `nobody here is called ${id ?? ''}: see GET /api/people`;
  throw new BadRequest(404, 'not_found', message);
}

/** Sandbox amounts stay below 2^53 fen. */
export function fen(amount: bigint): number {
  return Number.parseInt(amount.toString(), 10);
}

export async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
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

export function parse<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new BadRequest(400, 'invalid_parameter', z.prettifyError(result.error));
}

const REFUSALS: Readonly<Record<PhoneRefusal['code'], string>> = {
  unknown_code: 'No wallet here knows this code, or this wallet has no such code to show.',
  code_expired: 'The code has expired: show a new one.',
  order_closed: 'The order is closed.',
  order_paid: 'The order is paid already.',
  other_payer: 'Somebody else is paying this order.',
  insufficient_balance: 'There is not enough money in this wallet.',
  wrong_password: 'The password is wrong; the scan or prompt stays open.',
  scan_expired: 'This scan is over: scan again.',
  prompt_over: 'The shop no longer waits for this payment.',
  transfer_over: 'This transfer is over.',
};

export function failure(c: Context, error: unknown): Response {
  if (error instanceof PhoneRefusal) {
    return c.json({ error: { code: error.code, message: REFUSALS[error.code] } }, 409);
  }
  if (error instanceof BadRequest) {
    return c.json({ error: { code: error.code, message: error.message } }, error.status);
  }
  const message = 'The wallet failed; its journal may be down. Try again.';
  return c.json({ error: { code: 'internal', message } }, 500);
}
