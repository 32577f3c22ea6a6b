import type { Context } from 'hono';
import { z } from 'zod';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Authenticator } from './authentication.ts';
import { MAX_BODY_BYTES, readJson } from './body.ts';
import type { Caller } from './caller.ts';
import { jsonText } from './canonical-json.ts';
import { asRefusal, renderError } from './error-body.ts';
import { type CallKey, callKey } from './idempotency.ts';
import type { HttpMetrics } from './probes/metrics.ts';
import { addressGroup, type RateLimiter } from './rate-limit.ts';
import { clientIp, type PageEnv, requestIdOf } from './request.ts';
import type { Call, Reply, Route, RouteSpec } from './route.ts';
import { requestVersion } from './versions.ts';

/** What every request needs and the server builds once. */
export interface Desk {
  readonly app: App;
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter;
  readonly metrics: HttpMetrics;
}

const emptyBody = z.strictObject({});
const emptyQuery = z.strictObject({});

/** One request through one route: sign in, limit, parse, handle, render, log. */
export async function dispatch(desk: Desk, route: Route, c: Context<PageEnv>): Promise<Response> {
  const started = performance.now();
  const { app } = desk;
  const request_id = requestIdOf(c);
  let caller: Caller | undefined;
  let reply: Reply;
  try {
    caller = await admit(desk, route.spec, c);
    reply = await route.handle(await parseCall(app, route.spec, c, caller, request_id));
  } catch (error) {
    const refusal = asRefusal(error);
    logRefusal(app, refusal, request_id);
    reply = renderError(app, refusal, request_id);
  }
  const seconds = (performance.now() - started) / 1000;
  const { method, path } = route.spec;
  desk.metrics.observe({ method, route: path, status: reply.status, seconds });
  app.log.info(
    { request_id, method, path: c.req.path, status: reply.status, seconds, key: caller?.key_id },
    'request',
  );
  return render(reply, request_id, caller);
}

async function admit(desk: Desk, spec: RouteSpec, c: Context<PageEnv>): Promise<Caller> {
  let caller: Caller;
  try {
    caller = await desk.authenticator.caller(c.req.header('authorization'));
  } catch (error) {
    // Guessing keys costs the address its tokens.
    if (error instanceof Refusal) desk.limiter.take(`ip ${addressGroup(clientIp(c))}`);
    throw error;
  }
  desk.limiter.take(caller.key_id);
  if (!spec.roles.includes(caller.role)) {
    throw new Refusal('forbidden', {
      message: `this call needs a key of role ${spec.roles.join(' or ')}, not ${caller.role}`,
    });
  }
  return caller;
}

async function parseCall(
  app: App,
  spec: RouteSpec,
  c: Context<PageEnv>,
  caller: Caller,
  request_id: string,
): Promise<Call> {
  requestVersion(c.req.header('hutong-version'), caller.api_version);
  const params = parseParams(spec, c.req.param());
  const query: unknown = (spec.query ?? emptyQuery).parse(parseQuery(c.req.queries()));
  const raw = await readJson(c.env.incoming, spec.max_body_bytes ?? MAX_BODY_BYTES);
  const key = parseKey(app, spec, c, { caller, body: raw, object_ids: Object.values(params) });
  const body: unknown = (spec.body ?? emptyBody).parse(raw);
  const user_agent = c.req.header('user-agent') ?? '';
  return { caller, params, query, body, key, request_id, client_ip: clientIp(c), user_agent };
}

function parseKey(
  app: App,
  spec: RouteSpec,
  c: Context<PageEnv>,
  { caller, body, object_ids }: { caller: Caller; body: unknown; object_ids: readonly string[] },
): CallKey | undefined {
  if (spec.idempotency === undefined) return undefined;
  const header = c.req.header('idempotency-key');
  if (header === undefined && spec.idempotency === 'required') {
    throw new Refusal('idempotency_key_required', { param: 'Idempotency-Key' });
  }
  const { method, path } = c.req;
  return callKey(app, { caller, method, path, header, body, object_ids });
}

function parseParams(spec: RouteSpec, given: Record<string, string>): Record<string, string> {
  for (const [name, kind] of Object.entries(spec.params ?? {})) {
    const value = given[name] ?? '';
    if (kind !== 'text' && !isId(kind, value)) throw new Refusal('not_found');
    if (kind === 'text' && !/^[\x21-\x7e]{1,100}$/.test(value)) throw new Refusal('not_found');
  }
  return given;
}

/** A parameter given once is text; given twice it stays a list, which no schema of text takes. */
function parseQuery(queries: Record<string, string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, all]) => [name, all.length === 1 ? all[0] : all]),
  );
}

export function logRefusal(app: Pick<App, 'log'>, refusal: Refusal, request_id: string): void {
  if (refusal.code !== 'internal' && refusal.code !== 'unavailable') return;
  app.log.error({ request_id, code: refusal.code, err: refusal.cause }, 'request failed');
}

function render(reply: Reply, request_id: string, caller: Caller | undefined): Response {
  return new Response(contentOf(reply), {
    status: reply.status,
    headers: {
      ...jsonHeaders(request_id),
      ...(caller ? { 'Hutong-Version': caller.api_version } : {}),
      ...reply.headers,
    },
  });
}

function contentOf(reply: Reply): string | ReadableStream<Uint8Array> {
  if ('stream' in reply) return reply.stream;
  return 'text' in reply ? reply.text : jsonText(reply.body);
}

/** Headers of every JSON answer. */
export function jsonHeaders(request_id: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Request-Id': request_id,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}
