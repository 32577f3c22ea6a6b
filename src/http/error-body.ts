import { z } from 'zod';
import type { App } from '../app.ts';
import { isDatabaseAway } from '../db/pool.ts';
import { ERRORS, Refusal } from '../errors.ts';

/** The error object of API.md, with its status and headers. */
export interface RenderedError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const AWAY_RETRY_S = 2;
const BUSY_RETRY_S = 1;

/** What any thrown value is to the caller. Nothing of an unexpected error leaves the hub. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof z.ZodError) return invalidParameter(error);
  if (isDatabaseAway(error)) {
    return new Refusal('unavailable', { retry_after_s: AWAY_RETRY_S, cause: error });
  }
  return new Refusal('internal', { cause: error });
}

export function renderError(
  app: Pick<App, 'public_url'>,
  refusal: Refusal,
  request_id: string,
): RenderedError {
  const { code, detail } = refusal;
  const { type, status, retry } = ERRORS[code];
  const retry_after_s = detail.retry_after_s ?? (status === 503 ? BUSY_RETRY_S : undefined);
  return {
    status,
    headers: {
      ...(retry_after_s === undefined ? {} : { 'Retry-After': String(retry_after_s) }),
      ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
      // The rest of an oversize body is not read: the connection cannot be used again.
      ...(status === 413 ? { Connection: 'close' } : {}),
    },
    text: JSON.stringify({
      error: {
        type,
        code,
        message: refusal.message,
        param: detail.param ?? null,
        doc_url: `${app.public_url}/docs/errors/${code}`,
        request_id,
        retry,
        wallet: detail.wallet ?? null,
      },
    }),
  };
}

/** A validation error as a refusal that names the first wrong field. */
export function invalidParameter(error: z.ZodError): Refusal {
  const issue = error.issues[0];
  if (!issue) return new Refusal('invalid_parameter', { cause: error });
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = unknown === undefined ? issue.path : [...issue.path, unknown];
  const param = fieldName(path);
  const reason = unknown === undefined ? issue.message : 'there is no such field';
  const message = param === '' ? reason : `${param}: ${reason}`;
  return new Refusal('invalid_parameter', {
    message,
    ...(param === '' ? {} : { param }),
    cause: error,
  });
}

const LONGEST_NAME = 200;

/** `['order', 'items', 0, 'name']` → `order.items[0].name`. */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  return name.slice(0, LONGEST_NAME);
}
