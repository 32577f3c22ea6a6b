import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, errorFrom, type HutongError } from './errors.ts';

/**
 * One call to the hub, tried again where that is safe: every POST carries an Idempotency-Key that
 * stays the same over its tries, so a try whose answer was lost is never done twice.
 */
export interface ClientOptions {
  /** Root of the hub, for example `http://127.0.0.1:8080`. */
  readonly base_url: string;
  /** `sk_test_…` or `sk_live_…`; keep it on your server. */
  readonly api_key: string;
  /** For one try; 30 s by default. */
  readonly timeout_ms?: number;
  /** Further tries after the first; 3 by default, 0 for none. */
  readonly max_retries?: number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly idempotency_key?: string | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Answers the parsed body. @throws HutongError (its subclass by type) or ConnectionError. */
export type Send = <T>(call: Call) => Promise<T>;

const TIMEOUT_MS = 30_000;
const MAX_RETRIES = 3;
const FIRST_GAP_MS = 200;
const MAX_GAP_MS = 5_000;
const MAX_RETRY_AFTER_MS = 30_000;

interface Failure {
  readonly error: HutongError | ConnectionError;
  readonly again: boolean;
  /** What the hub asked for. */
  readonly wait_ms: number | undefined;
}

type Outcome<T> = { readonly value: T } | { readonly failure: Failure };

export function createSend(options: ClientOptions): Send {
  const base_url = options.base_url.replace(/\/+$/, '');
  if (!URL.canParse(base_url)) throw new TypeError('base_url is not a URL');
  if (!/^(sk|rk)_(test|live)_/.test(options.api_key)) {
    throw new TypeError('api_key must begin with sk_test_ or sk_live_');
  }
  const max_retries = options.max_retries ?? MAX_RETRIES;
  return async <T>(call: Call): Promise<T> => {
    const key = call.method === 'POST' ? (call.idempotency_key ?? randomUUID()) : undefined;
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryOnce<T>(options, base_url, call, key);
      if ('value' in outcome) return outcome.value;
      const { again, error, wait_ms } = outcome.failure;
      if (!again || tries > max_retries) throw error;
      await sleep(wait_ms ?? gapAfter(tries));
    }
  };
}

async function tryOnce<T>(
  options: ClientOptions,
  base_url: string,
  call: Call,
  key: string | undefined,
): Promise<Outcome<T>> {
  let response: Response;
  let text: string;
  try {
    response = await (options.fetch ?? fetch)(urlOf(base_url, call), {
      method: call.method,
      headers: {
        authorization: `Bearer ${options.api_key}`,
        accept: 'application/json',
        'user-agent': 'hutong-client',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeout_ms ?? TIMEOUT_MS),
    });
    text = await response.text();
  } catch (cause) {
    const error = new ConnectionError(`no answer from ${base_url}`, { cause });
    return { failure: { error, again: true, wait_ms: undefined } };
  }
  const body = parse(text);
  if (response.ok && body !== undefined) {
    // The hub's answers are trusted to have the shape their route declares.
    return { value: body as T };
  }
  return { failure: failureOf(response, body) };
}

function failureOf(response: Response, body: unknown): Failure {
  const error = errorFrom(response.status, body, response.headers.get('request-id'));
  const again = error.retry === 'same_key';
  return { error, again, wait_ms: retryAfter(response.headers.get('retry-after')) };
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    // Not JSON, so not the hub's: the caller turns it into an error with the status.
    return undefined;
  }
}

function urlOf(base_url: string, call: Call): string {
  const url = new URL(base_url + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

/** Seconds of a Retry-After header in milliseconds, at most 30 s. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || !/^\d{1,6}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1_000, MAX_RETRY_AFTER_MS);
}

function gapAfter(tries: number): number {
  const gap = Math.min(FIRST_GAP_MS * 2 ** (tries - 1), MAX_GAP_MS);
  return gap / 2 + randomInt(gap / 2 + 1);
}
