import { z } from 'zod';
import { exchange, type FuzzAnswer, type FuzzRequest } from './exchange.ts';
import { Dice } from './fuzz-values.ts';
import { objectIn } from './hub-rig.ts';

/** HUTONG_TEST_FULL=1 asks many more, from another seed each time; HUTONG_FUZZ_SEED asks again. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
export const SEED = Number(
  process.env['HUTONG_FUZZ_SEED'] ?? (FULL ? Date.now() % 1e9 : 20_261_121),
);
export const FACTOR = FULL ? 60 : 0.5;
const AT_ONCE = 8;

const errorShape = z.strictObject({
  error: z.strictObject({
    type: z.enum([
      'invalid_request',
      'authentication',
      'permission',
      'not_found',
      'conflict',
      'rate_limited',
      'wallet_refused',
    ]),
    code: z.string().regex(/^[a-z_]+$/),
    message: z.string().min(1).max(2_000),
    param: z.string().max(200).nullable(),
    doc_url: z.string().startsWith('http'),
    request_id: z.string().startsWith('req_'),
    retry: z.enum(['never', 'same_key', 'after_query']),
    wallet: z.unknown(),
  }),
});

type Judge = (answer: FuzzAnswer, sent: FuzzRequest) => string | undefined;

export function noFailure({ status }: FuzzAnswer): string | undefined {
  return status >= 500 || status < 200 ? `${status}` : undefined;
}

/** The API speaks JSON always, and its errors have one form. */
export function wellFormed(answer: FuzzAnswer, { method }: FuzzRequest): string | undefined {
  const { status, type, text, request_id } = answer;
  const failed = noFailure(answer);
  if (failed !== undefined) return failed;
  if (!type.startsWith('application/json')) return `${status} of type ${type}`;
  if (request_id?.startsWith('req_') !== true) return `${status} without Request-Id`;
  if (status < 400 || method === 'HEAD') return undefined;
  const parsed = errorShape.safeParse(objectIn(text));
  return parsed.success ? undefined : `${status} with a wrong error object: ${text.slice(0, 300)}`;
}

interface Storm {
  readonly root: string;
  readonly cases: number;
  readonly make: (dice: Dice, nth: number) => FuzzRequest | Promise<FuzzRequest>;
  readonly judge: Judge;
}

export interface Damage {
  /** One line for each case that went wrong, with what is needed to ask again. */
  readonly wrong: readonly string[];
  /** How many were taken: a storm that never gets past the door proves little. */
  readonly taken: number;
}

/** Sends all cases, a few at a time. */
export async function storm({ root, cases, make, judge }: Storm): Promise<Damage> {
  const wrong: string[] = [];
  let taken = 0;
  let next = 0;
  async function sender(): Promise<void> {
    while (next < cases) {
      const nth = next;
      next += 1;
      const sent = await make(new Dice(SEED + nth * 7_919), nth);
      const why = await exchange(root, sent).then(
        (answer) => {
          if (answer.status < 300) taken += 1;
          return judge(answer, sent);
        },
        (error: unknown) => broken(error, sent),
      );
      if (why === undefined) continue;
      const shown = sent.body.toString('latin1').slice(0, 200);
      wrong.push(`seed ${SEED} case ${nth}: ${sent.method} ${sent.target} ${shown} → ${why}`);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return { wrong, taken };
}

/** Whoever sends too much may be cut off before the answer is read; nobody else may. */
function broken(error: unknown, sent: FuzzRequest): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (sent.body.length > 60_000 && (code === 'ECONNRESET' || code === 'EPIPE')) return undefined;
  return String(error);
}
