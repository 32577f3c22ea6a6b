import { type Context, Hono } from 'hono';
import type { App } from '../app.ts';
import { InvariantBroken, Refusal } from '../errors.ts';
import { authenticatorOf } from './authentication.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { type Desk, dispatch, jsonHeaders, logRefusal } from './dispatch.ts';
import { asRefusal, renderError } from './error-body.ts';
import { healthPages } from './probes/health.ts';
import { createHttpMetrics } from './probes/metrics.ts';
import { addressGroup, createRateLimiter } from './rate-limit.ts';
import { docsPages } from './reference/docs-pages.ts';
import { clientIp, type PageEnv, requestIdOf } from './request.ts';
import type { Route } from './route.ts';

/** Pages and other routes that take no API key: checkout, notifications. Each protects itself. */
export type Pages = Hono<PageEnv>;

export interface ServerParts {
  readonly routes: readonly Route[];
  readonly pages?: readonly Pages[];
}

const MAX_URL_LENGTH = 4_096;
/** Largest body of a page's form; a page that needs another limit reads with `readBody`. */
const MAX_PAGE_BODY_BYTES = 4 * MAX_BODY_BYTES;

/** The hub's whole HTTP side, ready to be served by `listen`. */
export function createServer(app: App, parts: ServerParts): Hono<PageEnv> {
  const desk: Desk = {
    app,
    authenticator: authenticatorOf(app),
    limiter: createRateLimiter({ per_second: app.config.rate_limit }),
    metrics: createHttpMetrics(),
  };
  const server = new Hono<PageEnv>();
  server.onError((error, c) => renderFailure(app, error, c));
  const paths = registerRoutes(server, desk, parts.routes);
  server.route('/', healthPages(desk));
  server.use('*', (c, next) => guardPage(desk, c, next));
  server.route('/', docsPages(app, parts.routes));
  for (const pages of parts.pages ?? []) server.route('/', pages);
  server.notFound((c) => {
    const allowed = paths.filter(({ form }) => form.test(c.req.path)).map(({ method }) => method);
    if (allowed.length === 0) {
      const refusal = new Refusal('not_found', { message: 'there is nothing at this path' });
      return renderFailure(app, refusal, c);
    }
    const allow = [...new Set(allowed)].join(', ');
    const refusal = new Refusal('method_not_allowed', { message: `this path takes ${allow}` });
    const answer = renderFailure(app, refusal, c);
    answer.headers.set('Allow', allow);
    return answer;
  });
  return server;
}

interface KnownPath {
  readonly method: string;
  readonly form: RegExp;
}

function registerRoutes(
  server: Hono<PageEnv>,
  desk: Desk,
  routes: readonly Route[],
): readonly KnownPath[] {
  const seen = new Set<string>();
  return routes.map((route) => {
    const { method, path, roles } = route.spec;
    const name = `${method} ${path}`;
    if (roles.length === 0) throw new InvariantBroken(`${name} does not say who may call it`);
    if (seen.has(name)) throw new InvariantBroken(`${name} is declared twice`);
    seen.add(name);
    server.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => dispatch(desk, route, c));
    return { method, form: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) };
  });
}

/** Limits, headers and the log line of everything that is not an API route. */
async function guardPage(desk: Desk, c: Context<PageEnv>, next: () => Promise<void>) {
  const started = performance.now();
  const request_id = requestIdOf(c);
  c.set('client_ip', clientIp(c));
  desk.limiter.take(`page ${addressGroup(clientIp(c))}`);
  limitPageBody(c);
  await next();
  c.header('Request-Id', request_id);
  c.header('X-Content-Type-Options', 'nosniff');
  const { headers } = c.res;
  if (!headers.has('Referrer-Policy')) c.header('Referrer-Policy', 'no-referrer');
  if (!headers.has('Content-Security-Policy')) {
    c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  }
  const seconds = (performance.now() - started) / 1000;
  const { method } = c.req;
  // A page's path may carry a checkout token: neither log nor metrics say more than its room.
  const room = `/${c.req.path.split('/')[1] ?? ''}`;
  const { status } = c.res;
  const known = status !== 404 ? room : 'none';
  desk.metrics.observe({ method, route: known, status, seconds });
  desk.app.log.info({ request_id, method, room, status, seconds }, 'page');
}

function limitPageBody(c: Context<PageEnv>): void {
  if (c.req.url.length > MAX_URL_LENGTH) {
    throw new Refusal('invalid_parameter', {
      message: `a URL has at most ${MAX_URL_LENGTH} characters`,
    });
  }
  const { headers } = c.env.incoming;
  if (Number(headers['content-length'] ?? 0) > MAX_PAGE_BODY_BYTES) {
    throw new Refusal('body_too_large', {
      message: `this page takes at most ${MAX_PAGE_BODY_BYTES} bytes`,
    });
  }
  // Wallets' notifications are counted while they are read; forms always announce their length.
  const counted = c.req.path.startsWith('/notify/');
  if (headers['transfer-encoding'] !== undefined && !counted) {
    throw new Refusal('body_too_large', { message: 'send the body with a Content-Length' });
  }
}

function renderFailure(app: App, error: unknown, c: Context<PageEnv>): Response {
  const request_id = requestIdOf(c);
  const refusal = asRefusal(error);
  logRefusal(app, refusal, request_id);
  const { status, headers, text } = renderError(app, refusal, request_id);
  return new Response(text, { status, headers: { ...jsonHeaders(request_id), ...headers } });
}
